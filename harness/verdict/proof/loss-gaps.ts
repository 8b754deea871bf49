import type { DrillRecord, ExpectedProof, LaneLag, LaneOutcome } from '../../model/record.ts';
import { counted } from '../../model/text.ts';
import { laneGaps } from './content-gaps.ts';
import { contradiction, lacking, namesDiffer, outOfOrder, readingMs, SAME_MS } from './gap.ts';

const UNTIL_THE_DISASTER = [
  'began',
  'seeded',
  'writerBegan',
  'captureBegan',
  'durable',
  'disasterBegan',
  'cutOff',
  'goneProved',
] as const;

/** Yields a gap if a lane was not compared, or its figures contradict one another or the moments of the drill. */
export function* lossGaps(record: DrillRecord, expected: ExpectedProof): Generator<string> {
  const { markers, moments, contract } = record;
  yield* namesDiffer(
    'the lane',
    expected.lanes,
    markers.map(({ lane }) => lane),
  );
  for (const lane of markers) {
    yield* laneGaps(lane);
    if (contract.schedule === 'mirror') yield* mirroredGaps(lane);
    // Earlier versions did not record it, and took one recovery point.
    if (expected.points !== undefined && lane.firstLostMs === undefined)
      yield contradiction(`in ${lane.lane}, nothing says when the first lost marker was acknowledged`);
  }
  yield* outOfOrder(moments, UNTIL_THE_DISASTER);
  for (const lane of markers) yield* writtenGaps(lane, moments);
  yield* cutOffGaps(record);
}

/**
 * Yields a gap unless markers were written from before the capture until after the backup. Otherwise the backup held nothing, or there was
 * nothing to lose.
 */
function* writtenGaps(
  lane: LaneOutcome,
  { writerBegan, captureBegan, durable }: DrillRecord['moments'],
): Generator<string> {
  const firstMs = lane.firstAcknowledgedMs ?? Number.NaN;
  const lastMs = lane.lastAcknowledgedMs ?? Number.NaN;
  if (firstMs < readingMs(writerBegan)) {
    yield contradiction(`in ${lane.lane}, a marker was acknowledged before any was written`);
  }
  if (lane.acknowledgedBeforeCapture > 0 && firstMs >= readingMs(captureBegan)) {
    yield contradiction(`in ${lane.lane}, no marker was acknowledged before the capture, although some are counted`);
  }
  if (lastMs < readingMs(durable)) {
    yield contradiction(`in ${lane.lane}, no marker was acknowledged after the backup`);
  }
}

/** Yields a gap unless the cut-off is the last acknowledgement, or the start of the disaster when none came later. */
function* cutOffGaps({ moments, markers }: DrillRecord): Generator<string> {
  const { cutOff, disasterBegan } = moments;
  const lastMs = Math.max(readingMs(disasterBegan), ...markers.map((lane) => lane.lastAcknowledgedMs ?? 0));
  if (Math.abs(readingMs(cutOff) - lastMs) > SAME_MS) {
    yield contradiction('the users are cut off at another moment than that of the last acknowledged marker');
  }
}

function* mirroredGaps(lane: LaneOutcome): Generator<string> {
  const { lostFromReplica, firstLostFromReplica, heldThrough, firstLostSequence } = lane;
  if (lostFromReplica === undefined || firstLostFromReplica === undefined || heldThrough === undefined) {
    return yield contradiction(`in ${lane.lane}, nothing says what the mirror had acknowledged`);
  }
  if (lostFromReplica > lane.lost || (lostFromReplica === 0) !== (firstLostFromReplica === null)) {
    yield contradiction(
      `in ${lane.lane}, ${counted(lostFromReplica, 'marker')} ${lostFromReplica === 1 ? 'was' : 'were'} lost although the mirror had ${lostFromReplica === 1 ? 'it' : 'them'}, the first of them number ${firstLostFromReplica}`,
    );
  }
  if (lostFromReplica === 0 && firstLostSequence !== null && firstLostSequence <= heldThrough) {
    yield contradiction(
      `in ${lane.lane}, marker ${firstLostSequence} was lost, although the mirror had all up to ${heldThrough}`,
    );
  }
}

/** Yields a gap if a relevant schedule is missing, or, for a mirror, if a lane was not checked often enough. */
export function* exposureGaps(record: DrillRecord, expected: ExpectedProof): Generator<string> {
  const found = record.recoveryPoint?.copiedOn;
  const { copiedOn, replicaLooks } = expected;
  if (found?.cron !== copiedOn?.cron || found?.timeZone !== copiedOn?.timeZone) {
    const name = (schedule: typeof found) =>
      schedule === undefined ? 'no second schedule' : `"${schedule.cron}" (${schedule.timeZone})`;
    yield contradiction(
      `the backups reach the place of the restore by ${name(copiedOn)}, but ${name(found)} is counted`,
    );
  }
  if ((record.contract.schedule === 'mirror') !== (replicaLooks !== undefined)) {
    yield contradiction('measurements of a mirror are announced although there is no mirror, or the reverse');
  }
  if (replicaLooks !== undefined) yield* lagGaps(record, expected, replicaLooks);
}

function* lagGaps({ replication, markers }: DrillRecord, { lanes }: ExpectedProof, looks: number): Generator<string> {
  if (replication === undefined) return yield lacking('the measurements of the mirror');
  if (replication.looks < looks) yield lacking(`${looks} measurements of the mirror; there were ${replication.looks}`);
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
