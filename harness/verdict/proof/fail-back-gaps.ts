import type { DrillRecord, ExpectedProof, LaneOutcome } from '../../model/record.ts';
import { comparisonGaps } from './comparison-gaps.ts';
import { contradiction, lacking, namesDiffer } from './gap.ts';
import { laneGaps } from './lane-gaps.ts';
import { outOfOrder, readingMs } from './moments.ts';

/** Whether the whole way back was gone, and everything on it was tried and read. */
export function* failBackGaps(record: DrillRecord, expected: ExpectedProof): Generator<string> {
  const { failBack } = record;
  const announced = expected.failBack;
  if (failBack === undefined || announced === undefined) return yield lacking('what the fail-back had to show');
  if (failBack.returned === null || failBack.returned === '') yield lacking('how the lost place came back');
  yield* namesDiffer(
    'the stage of the fail-back',
    announced.stages,
    failBack.stages.map(({ name }) => name),
  );
  for (const stage of failBack.stages) {
    if (stage.outcome !== 'completed') yield lacking(`that the stage "${stage.name}" was completed`);
    const same = record.stages.find(({ name }) => name === stage.name);
    if (same?.durationMs !== stage.durationMs || same.outcome !== stage.outcome) {
      yield contradiction(`the stage "${stage.name}" is there twice, and differs`);
    }
  }
  const written = (writes: readonly { readonly when: string; readonly what: string }[]) =>
    writes.map(({ when, what }) => `${what} (${when})`);
  yield* namesDiffer('the attempt to write', written(announced.writes), written(failBack.writesTried));
  yield* namesDiffer(
    'the read',
    announced.proofs,
    failBack.proofs.map(({ what }) => what),
  );
  yield* namesDiffer(
    'the lane after the fail-back',
    expected.lanes,
    failBack.markers.map(({ lane }) => lane),
  );
  const silent = [...failBack.writesTried, ...failBack.proofs].find(({ observed }) => observed === '');
  if (silent !== undefined) yield lacking(`what was observed of "${silent.what}"`);
  yield* outOfOrder(record.moments, ['verified', 'ended']);
  for (const lane of failBack.markers) {
    yield* laneGaps(lane);
    yield* writtenOnTheWay(lane, record.moments);
  }
  yield* comparisonGaps(failBack.comparison, record.fingerprint, expected);
}

/** The way back begins after the recovery was verified. */
function* writtenOnTheWay(lane: LaneOutcome, { verified, ended }: DrillRecord['moments']): Generator<string> {
  const { firstAcknowledgedMs: first, lastAcknowledgedMs: last } = lane;
  if ((first ?? Number.NaN) < readingMs(verified) || (last ?? Number.NaN) > readingMs(ended)) {
    yield contradiction(`in ${lane.lane}, markers were acknowledged at another time than in the fail-back`);
  }
}
