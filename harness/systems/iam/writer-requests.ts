import { setImmediate } from 'node:timers/promises';
import type { PostureDifference, UndecidedItem } from '../../model/posture.ts';
import type { Access, AccessDecider, Context } from './access.ts';
import { isTimeKey, timeMsOf } from './condition-values.ts';
import { needsAPerson, needsAService } from './facts.ts';
import type { Statement } from './policy-document.ts';
import { REACHES_NO_DATA, type Request } from './requests.ts';

export interface WriterDifference extends PostureDifference {
  /** True for something that is allowed and must not be. */
  readonly isExcess: boolean;
  readonly isReading: boolean;
  /** The statement that is to blame. */
  readonly by: string;
}

export interface DecidedRequests {
  readonly compared: number;
  readonly differences: readonly WriterDifference[];
  readonly undecided: readonly UndecidedItem[];
  /** What a writer's requests must carry, so that it can do its work. */
  readonly dependsOn: readonly string[];
  /** What is allowed beside the work and reaches no data, so that it is for a reader to judge. */
  readonly notJudged: readonly string[];
}

interface Asked {
  readonly requests: readonly Request[];
  readonly access: AccessDecider;
  /** Of the policy, for messages. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/** Requests that are decided before timers and signals get their turn. */
const AT_A_TIME = 100;

/** Each request as IAM decides it, against what was expected of it. */
export async function decideRequests({ requests, access, name, signal }: Asked): Promise<DecidedRequests> {
  const differences: WriterDifference[] = [];
  const undecided = new Map<string, UndecidedItem>();
  const dependsOn = new Set<string>();
  const notJudged = new Set<string>();
  const groups = new Map<string, Need[]>();
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
      const group = request.oneOf ?? JSON.stringify([request.entry.action, request.resource, request.fixed]);
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
        const reason = `it allows ${itemOf(request, first.context)}, and the documents do not tell which bucket lies behind it`;
        undecided.set(item, { item, reason, cause: 'statement-undecided' });
      }
      continue;
    }
    differences.push(excessOf(request, first.context, first.by[0], name));
  }
  for (const needs of groups.values())
    judgeNeed(needs, { name, nowMs: access.nowMs, differences, undecided, dependsOn });
  return {
    compared,
    differences,
    undecided: [...undecided.values()],
    dependsOn: [...dependsOn],
    notJudged: [...notJudged],
  };
}

interface Need {
  readonly request: Request;
  readonly said: Access;
}

interface Findings {
  readonly name: string;
  readonly nowMs: number;
  readonly differences: WriterDifference[];
  readonly undecided: Map<string, UndecidedItem>;
  readonly dependsOn: Set<string>;
}

/** One of the requests must be possible for a job that nobody attends; what it must carry for that is noted. */
function judgeNeed(needs: readonly Need[], { name, nowMs, differences, undecided, dependsOn }: Findings): void {
  const cases = needs.flatMap(({ request, said }) => said.allowed.map((each) => ({ request, ...each })));
  const unattended = cases.filter(({ context }) => isForAJob(context) && isToday(context));
  const [easiest] = unattended.toSorted((one, other) => sizeOf(one.context) - sizeOf(other.context));
  const [first] = needs;
  if (first === undefined) return;
  const later = cases.find(({ context }) => isForAJob(context));
  if (easiest === undefined && later !== undefined) differences.push(onlyLater(later, first, name));
  else if (easiest === undefined && cases[0] !== undefined) {
    const { request, context } = cases[0];
    const key = Object.entries(context).find(([each, value]) => !isForAJob({ [each]: value }))?.[0] ?? '';
    const item = `${askedBy(key, cases[0].by, needs)} of ${name}`;
    const reason = `it lets the writer do ${request.entry.action} only${whenOf(context)}, which a job that nobody attends may not fulfil`;
    undecided.set(item, { item, reason, cause: 'statement-undecided' });
  } else if (easiest === undefined) differences.push(lackOf(first, name));
  else {
    for (const [key, value] of Object.entries(assumedIn(easiest.context))) {
      dependsOn.add(
        `that the writer's requests carry ${key} = ${String(value)}, as ${askedBy(key, easiest.by, needs)} asks`,
      );
    }
    for (const [statement, end] of endsOf(cases, needs, nowMs)) {
      dependsOn.add(
        `that the writer needs ${first.request.entry.action} no longer than until ${end}, when ${statement} ends it`,
      );
    }
    const denied = needs.filter(({ said }) => said.allowed.length === 0);
    const listing = easiest.request.fixed['s3:prefix'];
    if (denied.length > 0 && listing !== undefined)
      dependsOn.add(`that the writer lists with prefix "${listing}" only`);
  }
}

/** A job runs today: what is allowed at another time than now is of no use to it. */
const isToday = (context: Context): boolean => !Object.keys(context).some(isTimeKey);

/** It is allowed at a time to come, and denied until then. */
function onlyLater(
  { request, context, by }: { readonly request: Request; readonly context: Context; readonly by: readonly Statement[] },
  need: Need,
  name: string,
): WriterDifference {
  const key = Object.keys(context).find(isTimeKey) ?? 'aws:CurrentTime';
  const statement = askedBy(key, by, [need]);
  return {
    ...lackOf({ request, said: need.said }, name),
    found: `denied today, and allowed only${whenOf(context)}`,
    nextStep: `Correct the condition on ${key} in ${statement} of ${name}.`,
    by: statement,
  };
}

/** Statements that end what is allowed today at a time to come. */
function endsOf(
  cases: readonly { readonly context: Context; readonly by: readonly Statement[] }[],
  needs: readonly Need[],
  nowMs: number,
): readonly (readonly [statement: string, end: string])[] {
  const allowedAtMs = cases.flatMap(({ context }) =>
    Object.entries(context).flatMap(([key, value]) => (isTimeKey(key) ? (timeMsOf(value) ?? []) : [])),
  );
  const statements = new Set([...cases.flatMap(({ by }) => by), ...needs.flatMap(({ said }) => said.deniedBy)]);
  return [...statements].flatMap((statement) =>
    statement.conditions
      .filter(({ key }) => isTimeKey(key))
      .flatMap(({ values }) => values)
      .flatMap((value) => {
        const endMs = timeMsOf(value);
        const isEnd = endMs !== undefined && !allowedAtMs.some((atMs) => atMs > endMs);
        return isEnd && endMs > nowMs ? [[statement.name, value] as const] : [];
      }),
  );
}

const sizeOf = (context: Context): number => Object.keys(assumedIn(context)).length;

const isForAJob = (context: Context): boolean =>
  !Object.entries(context).some(
    ([key, value]) =>
      needsAPerson(key, value) ||
      needsAService(key, value) ||
      (/^aws:SecureTransport$/i.test(key) && value === 'false'),
  );

/** Without what every caller of the platform fulfils: TLS, and the time. */
function assumedIn(context: Context): Context {
  const given = /^(aws:(securetransport|currenttime|epochtime)|s3:prefix)$/i;
  const assumed = Object.entries(context).filter(([key]) => !given.test(key));
  return Object.fromEntries(assumed);
}

/** The statement that has a condition on a key. */
function askedBy(key: string, allowing: readonly Statement[], needs: readonly Need[]): string {
  return statementAbout(key, [...needs.flatMap(({ said }) => said.deniedBy), ...allowing]) ?? 'the policy';
}

export function statementAbout(key: string, statements: readonly Statement[]): string | undefined {
  const name = key.toLowerCase();
  return statements.find(({ conditions }) => conditions.some((each) => each.key.toLowerCase() === name))?.name;
}

function excessOf(request: Request, context: Context, by: Statement | undefined, name: string): WriterDifference {
  const statement = by?.name ?? 'a statement';
  const isOther = !request.entry.action.startsWith('s3:');
  const orNeeded = isOther ? ', or add it to `may` if it is part of the work' : '';
  return {
    item: itemOf(request, context),
    expected: 'denied',
    found: 'allowed',
    nextStep: `Narrow ${statement} of ${name} so that it does not${orNeeded}.`,
    cause: 'policy-allows-too-much',
    isExcess: true,
    isReading: request.entry.isReading,
    by: statement,
  };
}

/** Statements against these keep backups from being deleted: what denies them is never in the way. */
const PROTECTED_FROM =
  /:(Delete|Bypass|ScheduleKeyDeletion|DisableKey|PutLifecycle|PutBucketVersioning|PutReplication|PutBucketPolicy|PutObjectRetention|PutObjectLegalHold|PutBucketObjectLock)/;

function lackOf({ request, said }: Need, name: string): WriterDifference {
  const [by] = said.deniedBy;
  const { action } = request.entry;
  const isForbidden = said.notForbidden === undefined && by !== undefined;
  return {
    item: itemOf(request, {}),
    expected: 'allowed',
    found: isForbidden ? 'denied by an explicit Deny' : 'denied',
    nextStep: lackStep(action, isForbidden ? by : undefined, name),
    cause: 'policy-lacks-permission',
    isExcess: false,
    isReading: request.entry.isReading,
    by: by?.name ?? 'no statement',
  };
}

function lackStep(action: string, by: Statement | undefined, name: string): string {
  if (by === undefined) {
    const orByKey = action.startsWith('kms:') ? ' (the backups are encrypted with this key)' : '';
    return `Allow it in ${name}${orByKey}.`;
  }
  const where = `${by.name[0]?.toUpperCase()}${by.name.slice(1)} of ${name} denies it`;
  // A statement that protects from deletion stays as it is: the promise is what is wrong.
  return PROTECTED_FROM.test(action)
    ? `${where} and protects the backups: take ${action} out of \`may\`.`
    : `${where}: take ${action} out of that statement for what the writer needs.`;
}

function itemOf({ entry, resource, fixed }: Request, context: Context): string {
  const prefix = fixed['s3:prefix'];
  const listing = prefix === undefined ? '' : ` with prefix "${prefix}"`;
  return `${entry.action} on ${resource}${listing}${whenOf(context)}`;
}

function whenOf(context: Context): string {
  const told = Object.entries(context).filter(([key]) => !/^s3:prefix$/i.test(key));
  return told.length === 0 ? '' : ` when ${told.map(([key, value]) => `${key} is ${String(value)}`).join(' and ')}`;
}

/** What a thief of backups does, the plainest first. */
const WORST = [
  /:Delete(Object|ObjectVersion|Bucket|Snapshot) /,
  /:(Delete|Bypass|ScheduleKeyDeletion|PutLifecycle|PutBucketPolicy|PutBucketVersioning|Create.*(AccessKey|Policy))/,
];

/**
 * What is allowed and must not be comes first: one action of each statement before the second of any, the worst before the rest, and
 * every action once before one is told of twice.
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

/** The first of each group, then the second of each, and so on. */
function ranked<T>(all: readonly T[], groupOf: (one: T) => string): readonly T[] {
  const seen = new Map<string, number>();
  const withRank = all.map((one) => {
    const rank = seen.get(groupOf(one)) ?? 0;
    seen.set(groupOf(one), rank + 1);
    return { one, rank };
  });
  return withRank.toSorted((left, right) => left.rank - right.rank).map(({ one }) => one);
}
