import { setImmediate } from 'node:timers/promises';
import type { PostureDifference, UndecidedItem } from '../../model/posture.ts';
import type { AccessDecider, Context } from './access.ts';
import type { Statement } from './policy-document.ts';
import { REACHES_NO_DATA, type Request } from './requests.ts';
import { itemOf, judgeKeys, judgeNeed, type Need, type WriterDifference } from './writer-needs.ts';

export interface DecidedRequests {
  readonly compared: number;
  readonly differences: readonly WriterDifference[];
  readonly undecided: readonly UndecidedItem[];
  /** Conditions that a writer's requests must fulfil for its work. */
  readonly dependsOn: readonly string[];
  /** Additional rights that reach no data, left to the reader's judgement. */
  readonly notJudged: readonly string[];
}

interface Asked {
  readonly requests: readonly Request[];
  readonly access: AccessDecider;
  /** Name of the policy in messages. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Number of requests decided before timers and signals get their turn. */
const AT_A_TIME = 100;

/** Decides each request as IAM does, and compares it with the expectation. */
export async function decideRequests({ requests, access, name, signal }: Asked): Promise<DecidedRequests> {
  const differences: WriterDifference[] = [];
  const undecided = new Map<string, UndecidedItem>();
  const dependsOn = new Set<string>();
  const notJudged = new Set<string>();
  const groups = new Map<string, Need[]>();
  const entries = new Map(requests.map(({ entry }) => [entry.action, entry]));
  let compared = 0;
  for (const request of requests) {
    if (compared % AT_A_TIME === 0) await setImmediate();
    signal.throwIfAborted();
    compared += 1;
    const said = access.decide(request);
    for (const statement of said.undecided) {
      const item = `${statement.name} of ${name}`;
      undecided.set(item, { item, reason: 'it has more conditions than can be tried', cause: 'statement-undecided' });
    }
    if (said.undecided.length > 0) continue;
    if (request.expected === 'allowed') {
      const group =
        request.oneOf ?? request.anyKeyOf ?? JSON.stringify([request.entry.action, request.resource, request.fixed]);
      groups.set(group, [...(groups.get(group) ?? []), { request, said }]);
      continue;
    }
    const [first] = said.allowed;
    if (first === undefined) continue;
    const { action } = request.entry;
    if (REACHES_NO_DATA.has(action)) {
      const toKnow = REACHES_NO_DATA.get(action);
      if (toKnow !== undefined) notJudged.add(toKnow);
      continue;
    }
    if (request.expected === 'unknown') {
      if (action.startsWith('s3:')) {
        const item = `${first.by[0]?.name ?? 'a statement'} of ${name}`;
        const reason = `it allows ${itemOf(request, first.context)}, and the documents do not say to which bucket that belongs`;
        undecided.set(item, { item, reason, cause: 'statement-undecided' });
      }
      continue;
    }
    differences.push(excessOf(request, first.context, first.by[0], name));
  }
  const findings = { name, access, entries, differences, undecided, dependsOn };
  for (const needs of groups.values()) {
    if (needs[0]?.request.anyKeyOf === undefined) judgeNeed(needs, findings);
    else judgeKeys(needs, findings);
  }
  return {
    compared,
    differences,
    undecided: [...undecided.values()],
    dependsOn: [...dependsOn],
    notJudged: [...notJudged],
  };
}

function excessOf(request: Request, context: Context, by: Statement | undefined, name: string): WriterDifference {
  const statement = by?.name ?? 'a statement';
  const isOther = !request.entry.action.startsWith('s3:');
  const orNeeded = isOther ? ', or add it to `may` if it is part of the work' : '';
  return {
    item: itemOf(request, context),
    expected: 'denied',
    found: 'allowed',
    nextStep: `Narrow ${statement} of ${name} so that it does not allow this${orNeeded}.`,
    cause: 'policy-allows-too-much',
    isExcess: true,
    isReading: request.entry.isReading,
    by: statement,
  };
}

/** Actions that a thief of backups would use, the plainest first. */
const WORST = [
  /:Delete(Object|ObjectVersion|Bucket|Snapshot) /,
  /:(Delete|Bypass|ScheduleKeyDeletion|PutLifecycle|PutBucketPolicy|PutBucketVersioning|Create.*(AccessKey|Policy))/,
];

/**
 * Puts excess rights first. Among these, each statement's first action comes before any second one, the worst come before the rest, and
 * every action appears once before one is repeated.
 */
export function inOrder(differences: readonly WriterDifference[]): readonly PostureDifference[] {
  const severity = ({ item, isReading }: WriterDifference) => {
    const rank = WORST.findIndex((pattern) => pattern.test(item));
    return rank >= 0 ? rank : WORST.length + (isReading ? 1 : 0);
  };
  const worstFirst = differences.toSorted((one, other) => severity(one) - severity(other));
  const varied = ranked(worstFirst, ({ by, item }) => `${by} ${item.split(' ', 1)[0]}`);
  const spread = ranked(varied, ({ by }) => by);
  return spread
    .toSorted((one, other) => Number(other.isExcess) - Number(one.isExcess))
    .map(({ isExcess: _excess, isReading: _reading, by: _by, ...difference }) => difference);
}

/** Interleaves the groups: the first of each, then the second of each, and so on. */
function ranked<T>(all: readonly T[], groupOf: (one: T) => string): readonly T[] {
  const seen = new Map<string, number>();
  const withRank = all.map((one) => {
    const rank = seen.get(groupOf(one)) ?? 0;
    seen.set(groupOf(one), rank + 1);
    return { one, rank };
  });
  return withRank.toSorted((left, right) => left.rank - right.rank).map(({ one }) => one);
}
