import type { DrillRecord, ExpectedProof, LaneLag, LaneOutcome } from '../../model/record.ts';
import { contradiction, lacking, namesDiffer } from './gap.ts';

/** Whether every schedule that counts is counted, or, of a mirror, whether every lane was looked at often enough. */
export function* exposureGaps(record: DrillRecord, expected: ExpectedProof): Generator<string> {
  const found = record.recoveryPoint?.copiedOn;
  const { copiedOn, replicaLooks } = expected;
  if (found?.cron !== copiedOn?.cron || found?.timeZone !== copiedOn?.timeZone) {
    const name = (schedule: typeof found) =>
      schedule === undefined ? 'no second schedule' : `"${schedule.cron}" (${schedule.timeZone})`;
    yield contradiction(
      `the backups reach the place of the restore by ${name(copiedOn)}, and ${name(found)} is counted`,
    );
  }
  if ((record.contract.schedule === 'mirror') !== (replicaLooks !== undefined)) {
    yield contradiction('looks at a mirror are announced where there is none, or the other way round');
  }
  if (replicaLooks !== undefined) yield* lagGaps(record, expected, replicaLooks);
}

function* lagGaps({ replication, markers }: DrillRecord, { lanes }: ExpectedProof, looks: number): Generator<string> {
  if (replication === undefined) return yield lacking('the looks at the mirror');
  if (replication.looks < looks) yield lacking(`${looks} looks at the mirror; there were ${replication.looks}`);
  const seen = replication.lanes.map(({ lane }) => lane);
  yield* namesDiffer('the mirrored lane', [...lanes].sort(), seen.sort());
  for (const lag of replication.lanes) {
    yield* laneLagGaps(
      lag,
      markers.find(({ lane }) => lane === lag.lane),
    );
  }
}

function* laneLagGaps(lag: LaneLag, outcome: LaneOutcome | undefined): Generator<string> {
  const { lane, worstMs, worstPositions, atDisasterMs, atDisasterPositions, heldThrough } = lag;
  if (atDisasterMs === null || atDisasterPositions === null) return yield lacking(`the lag of ${lane} at the disaster`);
  if (atDisasterMs > worstMs || atDisasterPositions > worstPositions) {
    yield contradiction(`the lag of ${lane} at the disaster is larger than the worst one`);
  }
  if (heldThrough !== outcome?.heldThrough) {
    yield contradiction(
      `the mirror of ${lane} had markers up to ${heldThrough}, and they are compared up to ${outcome?.heldThrough}`,
    );
  }
}
