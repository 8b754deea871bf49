import type { Comparison, DrillRecord, ExpectedProof, ItemCounts } from '../../model/record.ts';
import { contradiction, lacking, namesDiffer } from './gap.ts';

/** Whether everything that the fingerprint holds was compared, and the counts add up. */
export function* comparisonGaps(
  comparison: Comparison | null,
  fingerprint: DrillRecord['fingerprint'],
  expected: ExpectedProof,
): Generator<string> {
  if (fingerprint === null) return yield lacking('the fingerprint');
  if (comparison === null) return yield lacking('the comparison');
  const announced = expected.items.filter(({ items }) => items > 0);
  const compared = comparison.items.filter((counts) => counts.expected > 0);
  yield* namesDiffer('the kind of item', sorted(announced), sorted(compared));
  for (const { kind, items } of announced) {
    const counts = compared.find((each) => each.kind === kind);
    if (counts !== undefined && counts.expected !== items) {
      yield contradiction(`the fingerprint has ${items} ${kind}, and ${counts.expected} were compared`);
    }
  }
  for (const counts of comparison.items) yield* countGaps(counts);
  const sum = expected.items.reduce((total, { items }) => total + items, 0);
  if (fingerprint.items !== sum) {
    yield contradiction(`the fingerprint has ${fingerprint.items} items, and its kinds add up to ${sum}`);
  }
  if (fingerprint.digest === '') yield lacking('the digest of the fingerprint');
}

export function* countGaps({
  kind,
  expected,
  restored,
  matched,
  missing,
  extra,
  differing,
}: ItemCounts): Generator<string> {
  if (expected !== matched + missing + differing) {
    yield contradiction(`${expected} ${kind} were expected, and ${matched + missing + differing} are accounted for`);
  }
  if (restored !== matched + differing + extra) {
    yield contradiction(`${restored} ${kind} were restored, and ${matched + differing + extra} are accounted for`);
  }
}

const sorted = (kinds: readonly { readonly kind: string }[]): readonly string[] => kinds.map(({ kind }) => kind).sort();
