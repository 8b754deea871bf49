import type { WriterScope } from '../../systems/iam/requests.ts';
import { BY_BOTH } from './reconcile.ts';
import { matchesAction, type Try } from './trial-plan.ts';

type Evidence = Readonly<Record<string, string>>;

/** Which of trying and evaluation decided each right that a writer needs, and what decided the requests to be refused. */
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

/** The same of a writer that could not be tried. */
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
