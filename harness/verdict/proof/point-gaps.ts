import type { DrillRecord, ExpectedProof } from '../../model/record.ts';
import { countGaps, laneGaps } from './content-gaps.ts';
import { contradiction, lacking, namesDiffer, readingMs } from './gap.ts';

/** Yields a gap if the number of recovery points differs from the announced one, or the judged one is not the restored one. */
export function* pointGaps(record: DrillRecord, { points, lanes }: ExpectedProof): Generator<string> {
  const { recoveryPoints } = record;
  if (points === undefined) {
    // Earlier versions took one recovery point, and neither announced nor recorded it.
    if (recoveryPoints !== undefined) yield lacking('how many recovery points were announced');
    return;
  }
  if (recoveryPoints === undefined) return yield lacking('the recovery points of the drill');
  const { taken, restored, instead, onlyOne, changes } = recoveryPoints;
  if (taken.length !== points.taken) {
    yield contradiction(`${points.taken} recovery points were announced, and ${taken.length} were taken`);
  }
  if (restored !== points.restores && (instead ?? '') === '') {
    yield contradiction(`the ${points.restores} recovery point was to be restored, and the ${restored} one was`);
  }
  yield* restoredGaps(record, recoveryPoints);
  yield* takenGaps(record.moments, taken);
  yield* otherGaps(recoveryPoints, points, lanes);
  if (points.taken === 1) {
    if ((onlyOne ?? '') === '') yield lacking('why only one recovery point was taken');
    return;
  }
  const [older, newer] = taken;
  if (older === undefined || newer === undefined) return;
  if (changes.length === 0) yield lacking('what was changed between the two recovery points');
  // A redacted digest says nothing.
  if (older.content.digest === newer.content.digest && older.content.digest.startsWith('sha256:')) {
    yield contradiction('both recovery points were taken of the same content');
  }
}

/**
 * Yields a gap unless each recovery point has a location and content, and they were taken one after the other between the first marker and
 * the disaster.
 */
function* takenGaps(
  { writerBegan, disasterBegan }: DrillRecord['moments'],
  taken: NonNullable<DrillRecord['recoveryPoints']>['taken'],
): Generator<string> {
  let beforeMs = readingMs(writerBegan);
  let last = 'the writer of markers';
  for (const { name, id, location, captureBegan, durable, content } of taken) {
    if (id === '' || location === '' || content.digest === '' || content.items === 0) {
      yield lacking(`where the ${name} recovery point lies, or what it holds`);
    }
    if (readingMs(captureBegan) < beforeMs) yield contradiction(`the ${name} recovery point was begun before ${last}`);
    if (readingMs(durable) < readingMs(captureBegan)) {
      yield contradiction(`the ${name} recovery point was durable before it was begun`);
    }
    beforeMs = readingMs(durable);
    last = `the ${name} one was durable`;
  }
  if (beforeMs > readingMs(disasterBegan)) yield contradiction('a recovery point was durable after the disaster');
}

function* restoredGaps(
  { recoveryPoint, fingerprint, moments }: DrillRecord,
  { taken, restored }: NonNullable<DrillRecord['recoveryPoints']>,
): Generator<string> {
  const point = taken.find(({ name }) => name === restored);
  if (point === undefined) return yield lacking(`the ${restored} recovery point`);
  const isTheOne =
    point.id === recoveryPoint?.id &&
    point.location === recoveryPoint.location &&
    point.captureBegan.monotonicMs === moments.captureBegan?.monotonicMs &&
    point.durable.monotonicMs === moments.durable?.monotonicMs;
  if (!isTheOne) yield contradiction(`the recovery point that is judged is not the ${restored} one`);
  if (point.content.digest !== fingerprint?.digest || point.content.items !== fingerprint.items) {
    yield contradiction(`what came back is compared with other content than that of the ${restored} recovery point`);
  }
}

/** Yields a gap unless the second announced recovery point was restored into a cleared place and compared completely. */
function* otherGaps(
  { taken, restored, otherRestored }: NonNullable<DrillRecord['recoveryPoints']>,
  { alsoRestores }: NonNullable<ExpectedProof['points']>,
  lanes: readonly string[],
): Generator<string> {
  if (alsoRestores === undefined) {
    if (otherRestored !== undefined)
      yield contradiction('a second recovery point was restored, and none was announced');
    return;
  }
  if (otherRestored === undefined) return yield lacking(`the restore of the ${alsoRestores} recovery point`);
  const point = taken.find(({ name }) => name === alsoRestores);
  if (point === undefined || restored === alsoRestores) return yield lacking(`the ${alsoRestores} recovery point`);
  const { cleared, markers, comparison } = otherRestored;
  if (cleared.length === 0 || cleared.some(({ gone }) => !gone)) {
    yield lacking(`that the place was empty before the ${alsoRestores} recovery point was restored`);
  }
  yield* namesDiffer(
    'the lane',
    lanes,
    markers.map(({ lane }) => lane),
  );
  for (const lane of markers) yield* laneGaps(lane);
  const compared = comparison?.items.reduce((sum, { expected }) => sum + expected, 0);
  if (compared !== point.content.items) {
    yield contradiction(
      `the ${alsoRestores} recovery point was taken of ${point.content.items} items, and ${compared ?? 'none'} were compared`,
    );
  }
  for (const counts of comparison?.items ?? []) yield* countGaps(counts);
}
