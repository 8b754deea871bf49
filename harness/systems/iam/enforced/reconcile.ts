import type { PostureDifference, UndecidedItem } from '../../../model/posture.ts';
import { bucketArn, LIST_PREFIX_KEY, objectArn, type WriterScope } from '../requests.ts';
import type { DecidedWriter } from '../writer-policy.ts';
import type { Answer } from './perform.ts';
import { matchesAction, type TriedOperation, type Try } from './trial-plan.ts';

/** One request with the service's answer and the documents' decision; undefined where there is none. */
interface TriedRequest {
  readonly request: Try;
  readonly answer: Answer | undefined;
  readonly said: Said | undefined;
}

interface Reconciled {
  readonly differences: readonly PostureDifference[];
  readonly undecided: readonly UndecidedItem[];
  /** For each request, in the same order: trying, evaluation or both, with the reason where the evaluation decided alone. */
  readonly decidedBy: readonly string[];
}

const BY_BOTH = 'trying and evaluation';
const BY_NOBODY = 'neither';

interface Given {
  /** The writer's name in messages. */
  readonly item: string;
  readonly service: string;
  /** Differences that the evaluation finds for the writer as a whole. */
  readonly evaluated: readonly PostureDifference[];
  /** Actions that reach no data; the reader decides whether they are too much. */
  readonly notJudged: ReadonlySet<string>;
}

/**
 * Decides each request by trying and by evaluation together. Where they agree, both decided. Where they differ, the evaluation decides if
 * the documents contain something that the service may not know, or that depends on where the trial runs. Otherwise the request stays
 * undecided.
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
      const reason = `it was refused (${by.how}), but evaluation allows it on other keys there`;
      undecided.push({ item: itemOf(given.item, request), reason, cause: 'statement-undecided' });
      continue;
    }
    // The evaluation already reports the same action.
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
    const problem = `${other} (${answered}), but evaluation ${said.allows ? 'allows' : 'refuses'} it`;
    return { name: BY_NOBODY, how: '', problem };
  }
  const name = `evaluation alone (${other}, by ${said.reasons.join(' and ')})`;
  return { name, how: `by evaluation; ${other}`, allows: said.allows };
}

function isAccepted({ operation, expected }: Try, allows: boolean, { notJudged, evaluated }: Given): boolean {
  if (allows === (expected === 'allowed')) return true;
  if (allows) return notJudged.has(operation.action);
  // One way of listing its prefix is enough for a writer, and the evaluation knows all ways.
  return operation.isListing === true && !evaluated.some((each) => isLackOf(operation, each));
}

/** Returns whether the trial's key was refused while the evaluation allows other keys below the prefix. */
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
        nextStep: `Remove ${action} there from its policies, or add it to \`may\` if it needs that.`,
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

type Evidence = Readonly<Record<string, string>>;

/** Returns what decided each right that a writer needs, and what decided the requests that must be refused: trying, evaluation or both. */
export function rightsDecided(
  item: string,
  scopes: readonly WriterScope[],
  plan: readonly Try[],
  decidedBy: readonly string[],
): Evidence {
  const evidence: Record<string, string> = {};
  for (const scope of scopes) {
    for (const pattern of scope.may) {
      const by = plan.flatMap((each, index) => (isOf(each, scope, pattern) ? (decidedBy[index] ?? []) : []));
      evidence[rightOf(item, scope, pattern)] =
        by.length === 0 ? 'decided by evaluation alone (not tried)' : `decided by ${[...new Set(by)].join(', ')}`;
    }
  }
  const refusals = new Map<string, Set<string>>();
  for (const [index, { expected, operation }] of plan.entries()) {
    const by = decidedBy[index] ?? '';
    if (expected === 'refused' && by !== BY_BOTH) {
      refusals.set(by, (refusals.get(by) ?? new Set()).add(operation.id));
    }
  }
  for (const [by, ids] of refusals) evidence[`${item}: to be refused, decided by ${by}`] = [...ids].join(', ');
  return evidence;
}

/** Returns the same for a writer that could not be tried. */
export const byEvaluationAlone = (item: string, scopes: readonly WriterScope[], problem: string): Evidence =>
  Object.fromEntries(
    scopes.flatMap((scope) =>
      scope.may.map((pattern) => [rightOf(item, scope, pattern), `decided by evaluation alone (${problem})`]),
    ),
  );

const rightOf = (item: string, { bucket, prefix }: WriterScope, pattern: string): string =>
  `${item}: ${pattern} ${prefix === '' ? `in ${bucket}` : `below ${bucket}/${prefix}`}`;

function isOf({ operation, bucket, prefix, expected }: Try, scope: WriterScope, pattern: string): boolean {
  if (expected !== 'allowed' || bucket !== scope.bucket || !matchesAction(pattern, operation.action)) return false;
  return prefix === undefined || prefix.startsWith(scope.prefix);
}

/** Decision of the documents on one request of a trial. */
export interface Said {
  readonly allows: boolean;
  /** True if the documents do not determine it. */
  readonly isUndecided: boolean;
  /**
   * Why a service may decide differently from IAM: parts of the policy language that it may not know, and conditions on the origin of the
   * request. Empty if neither occurs.
   */
  readonly reasons: readonly string[];
}

/** Key of the trial's objects, as far as it matters to a policy. */
const TRIAL_KEY = 'dr-contracts-trial-0';

/** @returns undefined for an action that S3 does not publish under that name. */
export function saidOf(decided: DecidedWriter, { operation, bucket, prefix }: Try): Said | undefined {
  const { access, catalogue, partition, statements } = decided;
  const entry = catalogue.find(({ action }) => action.toLowerCase() === operation.action.toLowerCase());
  if (entry === undefined) return undefined;
  const resource =
    operation.on === 'object'
      ? objectArn(bucket, `${prefix ?? ''}${TRIAL_KEY}`, partition)
      : bucketArn(bucket, partition);
  const fixed = operation.isListing === true ? { [LIST_PREFIX_KEY]: prefix } : {};
  const { allowed, undecided } = access.decide({ entry, resource, fixed });
  const reasons = new Set<string>(partition === 'aws' ? [] : [`the partition ${partition}`]);
  if (decided.isOlderLanguage) reasons.add('a version of the language before 2012-10-17');
  for (const statement of statements) {
    if (!access.matchesAction(statement, entry.action)) continue;
    const { conditions, isNotAction, isNotResource, resources } = statement;
    for (const { key } of conditions) reasons.add(`the condition on ${key}`);
    if (isNotAction) reasons.add('NotAction');
    if (isNotResource) reasons.add('NotResource');
    if (resources.some((each) => each.includes('${'))) reasons.add('policy variables');
  }
  return { allows: allowed.length > 0, isUndecided: undecided.length > 0, reasons: [...reasons] };
}
