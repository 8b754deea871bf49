import type { Comparison, DrillRecord, ExpectedProof, ItemCounts, LaneOutcome } from '../../model/record.ts';
import { counted } from '../../model/text.ts';
import { contradiction, lacking, namesDiffer } from './gap.ts';

/** Yields a gap if a part of the fingerprint was not compared, or the counts do not add up. */
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

/** Yields a gap if the figures of one lane of markers do not add up. */
export function* laneGaps(lane: LaneOutcome): Generator<string> {
  const { acknowledged, acknowledgedBeforeCapture, lost, lostBeforeCapture } = lane;
  const of = (what: string) => contradiction(`in ${lane.lane}, ${what}`);
  if (acknowledgedBeforeCapture > acknowledged) {
    yield of(`${acknowledgedBeforeCapture} of ${counted(acknowledged, 'marker')} were acknowledged before the capture`);
  }
  if (lost > acknowledged) yield of(`${lost} of ${acknowledged} acknowledged markers were lost`);
  if (lostBeforeCapture > Math.min(lost, acknowledgedBeforeCapture)) {
    yield of(`${lostBeforeCapture} of ${lost} lost markers were acknowledged before the capture`);
  }
  const survived = acknowledged - lost;
  // Each surviving marker was read once. An indeterminate marker may be present or absent.
  const read = lane.restored - lane.unknown - lane.duplicated;
  if (read < survived || read > survived + lane.indeterminate) {
    yield of(`${read} different markers were read, and ${survived} acknowledged ones are said to have survived`);
  }
  if ((lost === 0) !== (lane.firstLostSequence === null) || lane.firstLostSequence === 0) {
    yield of(
      `${counted(lost, 'marker')} ${lost === 1 ? 'was' : 'were'} lost, the first of them number ${lane.firstLostSequence}`,
    );
  }
  if ((lostBeforeCapture === 0) !== (lane.firstLostBeforeCapture === null)) {
    yield of(
      `${counted(lostBeforeCapture, 'marker')} from before the capture ${lostBeforeCapture === 1 ? 'was' : 'were'} lost, the first of them number ${lane.firstLostBeforeCapture}`,
    );
  }
  yield* timeGaps(lane, of);
}

function* timeGaps(lane: LaneOutcome, of: (what: string) => string): Generator<string> {
  const { firstAcknowledgedMs: first, lastAcknowledgedMs: last, lastBeforeLossMs: beforeLoss } = lane;
  if (first === null || last === null) return yield of('nothing says when markers were acknowledged');
  if (first > last) yield of('the first marker was acknowledged after the last one');
  const { firstLostMs } = lane;
  if (firstLostMs !== undefined) {
    const isTimed = firstLostMs === null ? lane.lost === 0 : firstLostMs >= first && firstLostMs <= last;
    if (!isTimed || (firstLostMs !== null && lane.lost === 0)) yield of('the first lost marker has no time that fits');
    if (firstLostMs !== null && firstLostMs > first && beforeLoss === null)
      yield of('nothing came back before the first lost marker, and it was not the first one');
    if (firstLostMs !== null && beforeLoss !== null && firstLostMs < beforeLoss)
      yield of('the first lost marker was acknowledged before the last one that came back before it');
  }
  if (lane.lost === 0 && beforeLoss !== null) yield of('nothing was lost, and a loss is timed');
  if (beforeLoss !== null && (beforeLoss < first || beforeLoss > last)) {
    yield of('the last marker before the loss was acknowledged when none was written');
  }
}
