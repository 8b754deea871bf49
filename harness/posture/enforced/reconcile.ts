import type { PostureDifference, UndecidedItem } from '../../model/posture.ts';
import type { Answer } from './answers.ts';
import type { Said } from './evaluated.ts';
import type { TriedOperation, Try } from './trial-plan.ts';

/** One request with what the service answered and what the documents say; undefined where nobody can ask them. */
export interface TriedRequest {
  readonly request: Try;
  readonly answer: Answer | undefined;
  readonly said: Said | undefined;
}

export interface Reconciled {
  readonly differences: readonly PostureDifference[];
  readonly undecided: readonly UndecidedItem[];
  /** For each request, in the same order: which of the two decided it, with the reason where it was the evaluation alone. */
  readonly decidedBy: readonly string[];
}

export const BY_BOTH = 'trying and evaluation';
const BY_NOBODY = 'neither';

interface Given {
  /** Of the writer, for messages. */
  readonly item: string;
  readonly service: string;
  /** What the evaluation finds of the writer as a whole. */
  readonly evaluated: readonly PostureDifference[];
  /** Actions that reach no data, so that it is for a reader to judge whether they are too much. */
  readonly notJudged: ReadonlySet<string>;
}

/**
 * Decides each request by trying and by evaluation together. Where they agree, both decided. Where they do not, the evaluation decides
 * if the documents hold something that the service may not know or that depends on where the trial runs; otherwise nobody can tell.
 */
export function reconcile(requests: readonly TriedRequest[], given: Given): Reconciled {
  const differences: PostureDifference[] = [];
  const undecided: UndecidedItem[] = [];
  const decidedBy: string[] = [];
  for (const { request, answer, said } of requests) {
    const by = decisionOf({ request, answer, said }, given);
    decidedBy.push(by.name);
    if (by.problem !== undefined) undecided.push({ item: itemOf(given.item, request), reason: by.problem });
    if (by.allows === undefined || isAccepted(request, by.allows, given)) continue;
    if (isOnSomeKeys({ request, answer, said }, by.allows, given)) {
      const reason = `it was refused (${by.how}), and by evaluation it is allowed on other keys there`;
      undecided.push({ item: itemOf(given.item, request), reason, cause: 'statement-undecided' });
      continue;
    }
    // The evaluation tells of the same action by itself.
    if (by.name !== BY_BOTH && isTold(request, given)) continue;
    differences.push(differenceOf(request, given.item, by.allows, by.how));
  }
  return { differences, undecided, decidedBy };
}

interface DecidedRequest {
  readonly name: string;
  /** Completes "it was allowed"; empty where nothing was decided. */
  readonly how: string;
  readonly allows?: boolean;
  readonly problem?: string;
}

function decisionOf({ answer, said }: TriedRequest, { service }: Given): DecidedRequest {
  const tried = answer?.outcome;
  const answered = answer?.said ?? 'nothing';
  const isAnswer = tried === 'allowed' || tried === 'refused';
  if (said?.isUndecided === true) return { name: BY_NOBODY, how: '' };
  if (said === undefined) {
    if (!isAnswer) return { name: BY_NOBODY, how: '', problem: `${service} answers ${answered}` };
    return { name: 'trying', how: `${answered}, by trying`, allows: tried === 'allowed' };
  }
  if (!isAnswer) {
    return { name: `evaluation alone (${service} answers ${answered})`, how: 'by evaluation', allows: said.allows };
  }
  if (said.allows === (tried === 'allowed')) {
    return { name: BY_BOTH, how: `${answered}, by trying and by evaluation`, allows: said.allows };
  }
  const other = `${service} ${tried === 'allowed' ? 'allows' : 'refuses'} it`;
  if (said.reasons.length === 0) {
    const problem = `${other} (${answered}), and by evaluation it is ${said.allows ? 'allowed' : 'refused'}`;
    return { name: BY_NOBODY, how: '', problem };
  }
  const name = `evaluation alone (${other}, by ${said.reasons.join(' and ')})`;
  return { name, how: `by evaluation; ${other}`, allows: said.allows };
}

function isAccepted({ operation, expected }: Try, allows: boolean, { notJudged, evaluated }: Given): boolean {
  if (allows === (expected === 'allowed')) return true;
  if (allows) return notJudged.has(operation.action);
  // A writer may list its prefix in one way only, and that is enough: the evaluation knows all of them.
  return operation.isListing === true && !evaluated.some((each) => isLackOf(operation, each));
}

/** It is refused on the key of the trial, and the evaluation knows other keys below the prefix on which it is allowed. */
const isOnSomeKeys = (
  { request: { operation, expected }, said }: TriedRequest,
  allows: boolean,
  { evaluated }: Given,
) =>
  !allows &&
  expected === 'allowed' &&
  operation.on === 'object' &&
  said !== undefined &&
  !evaluated.some((each) => isLackOf(operation, each));

const isLackOf = ({ action }: TriedOperation, { item, cause }: PostureDifference): boolean =>
  cause === 'policy-lacks-permission' && item.startsWith(`${action} `);

const isTold = ({ operation, expected }: Try, { evaluated }: Given): boolean =>
  evaluated.some((each) =>
    expected === 'allowed'
      ? isLackOf(operation, each)
      : each.cause === 'policy-allows-too-much' && each.item.startsWith(`${operation.action} `),
  );

const itemOf = (writer: string, { operation, bucket, prefix }: Try): string =>
  `${writer}: ${operation.id} ${whereOf(operation, bucket, prefix)}`;

function whereOf({ on, isListing }: TriedOperation, bucket: string, prefix: string | undefined): string {
  if (on === 'object') return `below ${bucket}/${prefix ?? ''}`;
  if (isListing !== true) return `on bucket ${bucket}`;
  if (prefix === undefined) return `of all of bucket ${bucket}`;
  return `of ${bucket} with ${prefix === '' ? 'an empty prefix' : `prefix ${prefix}`}`;
}

function differenceOf(request: Try, writer: string, allows: boolean, how: string): PostureDifference {
  const { action } = request.operation;
  const item = itemOf(writer, request);
  return allows
    ? {
        item,
        expected: 'a refusal',
        found: `it was allowed (${how})`,
        nextStep: `Take ${action} there out of what it has, or add it to \`may\` if it needs that.`,
        cause: 'policy-allows-too-much',
      }
    : {
        item,
        expected: 'to be allowed',
        found: `it was refused (${how})`,
        nextStep: `Allow ${action} there, or take it out of \`may\`.`,
        cause: 'policy-lacks-permission',
      };
}
