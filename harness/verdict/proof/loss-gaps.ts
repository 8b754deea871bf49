import { counted } from '../../model/counted.ts';
import type { DrillRecord, ExpectedProof, LaneOutcome } from '../../model/record.ts';
import { contradiction, namesDiffer } from './gap.ts';
import { laneGaps } from './lane-gaps.ts';
import { outOfOrder, readingMs, SAME_MS } from './moments.ts';

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

/** Whether every lane was compared, and its figures agree with one another and with the moments of the drill. */
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
    // Earlier versions did not write it down, and took one recovery point.
    if (expected.points !== undefined && lane.firstLostMs === undefined)
      yield contradiction(`in ${lane.lane}, nothing says when the first lost marker was acknowledged`);
  }
  yield* outOfOrder(moments, UNTIL_THE_DISASTER);
  for (const lane of markers) yield* writtenGaps(lane, moments);
  yield* cutOffGaps(record);
}

/** Markers were written from before the capture until after the backup, so that it held something and there was something to lose. */
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
    yield contradiction(`in ${lane.lane}, no marker was acknowledged as early as before the capture`);
  }
  if (lastMs < readingMs(durable)) {
    yield contradiction(`in ${lane.lane}, no marker was acknowledged after the backup`);
  }
}

/** The cut-off is the last acknowledgement, or the beginning of the disaster when none came later. */
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
      `in ${lane.lane}, ${counted(lostFromReplica, 'marker')} ${lostFromReplica === 1 ? 'was' : 'were'} lost that the mirror had, the first of them number ${firstLostFromReplica}`,
    );
  }
  if (lostFromReplica === 0 && firstLostSequence !== null && firstLostSequence <= heldThrough) {
    yield contradiction(
      `in ${lane.lane}, marker ${firstLostSequence} was lost, and the mirror had all up to ${heldThrough}`,
    );
  }
}
