import type { Cause } from '../model/causes.ts';
import type { Comparison, DrillRecord, Finding, LaneOutcome } from '../model/record.ts';
import { counted, countedOf } from '../model/text.ts';
import { KEEPS_NO_DATA } from '../model/units.ts';
import { causesOf, leftOutOf } from './content-causes.ts';

/** Judges whether everything that was acknowledged before the capture came back unchanged. */
export function judgeContent(record: DrillRecord): Finding {
  const breach = breachIn(record) ?? breachInOther(record);
  if (breach !== undefined)
    return { name: 'content', verdict: 'breached', sentence: breach.found, cause: breach.cause };
  const missing = proofMissing(record) ?? proofMissingInOther(record);
  if (missing !== undefined)
    return { name: 'content', verdict: 'unproven', sentence: missing.found, cause: missing.cause };
  const compared = record.comparison?.items.map(({ kind, matched }) => countedOf(matched, kind)).join(', ');
  return {
    name: 'content',
    verdict: 'met',
    sentence: `Everything acknowledged before the capture came back the same: ${compared}${whichOf(record)}.${withoutLoss(record)}`,
  };
}

/** Returns the first difference in the restored content, with the reasons in the record. */
function breachIn(record: DrillRecord): Found | undefined {
  const problem =
    nothingBack(record) ??
    otherPoint(record) ??
    missingContent(record) ??
    corruptionIn(record.markers) ??
    contentDifferences(record);
  if (problem === undefined) return undefined;
  const isLeftOut = MISSING.has(problem.cause) && leftOutOf(record)?.isAll === true;
  return {
    cause: isLeftOut ? 'left-out-by-filter' : problem.cause,
    found: [problem.found, ...causesOf(record)].join(' '),
  };
}

/** Causes that a filter of the backup can explain. */
const MISSING: ReadonlySet<string> = new Set<Cause>(['content-missing', 'nothing-came-back']);

/** A finding's sentence and its identifier. */
interface Found {
  readonly cause: NonNullable<Finding['cause']>;
  readonly found: string;
}

/** Describes an empty restore. Neither "leaves data out" nor a first difference would fit. */
function nothingBack({ comparison, markers }: DrillRecord): Found | undefined {
  const lanes = markers.filter(({ acknowledgedBeforeCapture }) => acknowledgedBeforeCapture > 0);
  const items = comparison?.items.filter(({ expected }) => expected > 0) ?? [];
  const isEmpty =
    items.length > 0 &&
    comparison?.items.every(({ restored }) => restored === 0) === true &&
    markers.every(({ restored }) => restored === 0);
  if (!isEmpty) return undefined;
  const missing = [
    ...items.map(({ expected, kind }) => countedOf(expected, kind)),
    ...lanes.map(
      (lane) =>
        `${counted(lane.acknowledgedBeforeCapture, 'marker')} acknowledged in ${lane.lane} before the backup began`,
    ),
  ];
  return { cause: 'nothing-came-back', found: `Nothing came back: none of ${listed(missing)}.` };
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** Returns why no finding states the loss. */
const withoutLoss = ({ contract }: DrillRecord): string =>
  contract.rpoMs === null ? ` The asset ${KEEPS_NO_DATA}, so loss and exposure are not judged.` : '';

/** Returns true for a comparison without missing, extra or differing items. */
export const isSame = ({ items, firstDifferences }: Comparison): boolean =>
  firstDifferences.length === 0 &&
  items.every(({ missing, extra, differing }) => missing === 0 && extra === 0 && differing === 0);

/** Describes a restore that completely brought back the other recovery point. */
function otherPoint({ recoveryPoint, recoveryPoints }: DrillRecord): Found | undefined {
  const compared = recoveryPoints?.comparedWithOther;
  if (recoveryPoints === undefined || compared === undefined || !isSame(compared)) return undefined;
  const { restored, taken } = recoveryPoints;
  const other = taken.find(({ name }) => name !== restored);
  // A newer backup can itself hold the old state. An older one cannot hold later content.
  const why =
    restored === 'newer'
      ? 'the second backup stored the old state, or the restore picks a backup by itself. Compare what the two backups hold, and restore the one that RECOVERY_POINT names.'
      : 'it picks a backup by itself. Restore the one that RECOVERY_POINT names.';
  return {
    cause: 'other-recovery-point',
    found: `The restore was given the ${restored} recovery point, ${recoveryPoint?.location ?? ''}, and brought back the content of the ${other?.name ?? 'other'} one, ${other?.location ?? ''}: ${why}`,
  };
}

/** Judges the second restore of the drill like the first. */
function breachInOther(record: DrillRecord): Found | undefined {
  const failure = failureOfOther(record);
  if (failure?.blame === 'procedure') return { cause: failure.cause, found: failure.found };
  const other = asOtherRestored(record);
  const breach = other === undefined ? undefined : breachIn(other);
  if (breach === undefined) return undefined;
  const found = `The newer recovery point came back whole, and the older one, restored after it, did not. ${breach.found}`;
  return { cause: breach.cause, found };
}

function proofMissingInOther(record: DrillRecord): Found | undefined {
  const failure = failureOfOther(record);
  if (failure !== undefined) return { cause: failure.cause, found: failure.found };
  const other = asOtherRestored(record);
  return other === undefined ? undefined : proofMissing(other);
}

/** Describes which of two recovery points came back. */
function whichOf({ recoveryPoints }: DrillRecord): string {
  if (recoveryPoints === undefined || recoveryPoints.taken.length < 2) return '';
  const { restored, instead, otherRestored, onlyOneRestored } = recoveryPoints;
  if (otherRestored !== undefined) return ', from the newer of two recovery points, and after it from the older one';
  const why = instead ?? onlyOneRestored;
  return `, from the ${restored} of two recovery points${why === undefined ? '' : ` (${why})`}`;
}

function corruptionIn(lanes: readonly LaneOutcome[]): Found | undefined {
  for (const lane of lanes) {
    const where = `in ${lane.lane}`;
    if ((lane.lostFromReplica ?? 0) > 0) {
      return {
        cause: 'replica-lost-data',
        found: `${counted(lane.lostFromReplica ?? 0, 'marker')} ${where} ${lane.lostFromReplica === 1 ? 'was' : 'were'} lost although the mirror had acknowledged them (first: ${lane.firstLostFromReplica}); the mirror or its promotion loses data.`,
      };
    }
    if (lane.lostBeforeCapture > 0 && lane.restored === 0) {
      return {
        cause: 'content-missing',
        found: `None of the ${counted(lane.acknowledgedBeforeCapture, 'marker')} acknowledged ${where} before the backup began came back; the backup or the restore leaves ${lane.lane} out.`,
      };
    }
    if (lane.lostBeforeCapture > 0) {
      return {
        cause: 'content-missing',
        found: `${lane.lostBeforeCapture} of ${counted(lane.acknowledgedBeforeCapture, 'marker')} acknowledged ${where} before the backup began did not come back (first: ${lane.firstLostBeforeCapture}); the backup or the restore leaves data out.`,
      };
    }
    if (lane.altered > 0)
      return {
        cause: 'content-altered',
        found: `${counted(lane.altered, 'marker')} ${where} came back altered; the backup or the restore changes data.`,
      };
    if (lane.duplicated > 0)
      return {
        cause: 'content-duplicated',
        found: `${counted(lane.duplicated, 'marker')} ${where} came back more than once; the restore duplicates data.`,
      };
    if (lane.reordered > 0)
      return {
        cause: 'content-reordered',
        found: `${counted(lane.reordered, 'marker')} ${where} came back out of order; the restore reorders data.`,
      };
    if (lane.unknown > 0)
      return {
        cause: 'foreign-content',
        found: `${counted(lane.unknown, 'marker')} ${where} came back that nobody wrote; the restore brings foreign data.`,
      };
  }
  return undefined;
}

/** Returns missing items of the author's before missing markers, which say less about the loss. */
function missingContent(record: DrillRecord): Found | undefined {
  const isMissing = record.comparison?.items.some(({ missing }) => missing > 0) === true;
  return isMissing ? contentDifferences(record) : undefined;
}

function contentDifferences({ comparison }: DrillRecord): Found | undefined {
  const differing = differencesIn(comparison);
  if (differing === undefined) return undefined;
  return { cause: kindOfDifference(comparison), found: `What came back is not what was backed up: ${differing}` };
}

/** Returns the cause of a difference. Missing items matter more than changed ones, and changed ones more than extra ones. */
function kindOfDifference(comparison: Comparison | null): Cause {
  const items = comparison?.items ?? [];
  const wrong = items.filter(({ missing, extra, differing }) => missing + extra + differing > 0);
  if (wrong.length > 0 && wrong.every(({ protects }) => protects === true)) return 'protection-not-in-force';
  if (items.some(({ missing }) => missing > 0)) return 'content-missing';
  return items.every(({ differing }) => differing === 0) && items.some(({ extra }) => extra > 0)
    ? 'content-extra'
    : 'content-altered';
}

/** Describes the faults of a comparison and its first difference as the rest of a sentence; undefined when there is none. */
export function differencesIn(comparison: Comparison | null): string | undefined {
  if (comparison === null) return undefined;
  const faults = comparison.items.flatMap(({ kind, expected, missing, extra, differing }) => [
    ...(missing > 0 ? [`${missing} of ${countedOf(expected, kind)} missing`] : []),
    ...(differing > 0 ? [`${differing} of ${countedOf(expected, kind)} differing`] : []),
    ...(extra > 0 ? [`${countedOf(extra, kind)} too many`] : []),
  ]);
  if (faults.length === 0 && comparison.firstDifferences.length === 0) return undefined;
  const [first] = comparison.firstDifferences;
  const detail = first
    ? ` First difference: ${first.item}, ${first.field}: expected ${first.expected}, found ${first.observed}.`
    : '';
  return `${faults.join(', ')}${faults.length === 0 ? '' : '.'}${detail}`.trim();
}

function proofMissing({ comparison, fingerprint, markers, moments }: DrillRecord): Found | undefined {
  if (moments.restoreEnded === null) return { cause: 'restore-failed', found: 'Nothing was restored.' };
  if (fingerprint === null || fingerprint.items === 0)
    return { cause: 'asset-empty', found: 'The asset was empty before the disaster, so its restore proves nothing.' };
  const isCompared = comparison?.items.some(({ matched }) => matched > 0);
  if (isCompared !== true)
    return { cause: 'not-looked-at', found: 'Zero items were compared after the restore, so nothing is proved.' };
  const silent = markers.find(({ acknowledgedBeforeCapture }) => acknowledgedBeforeCapture === 0);
  if (silent !== undefined && moments.captureBegan !== null)
    return {
      cause: 'not-looked-at',
      found: `No marker was acknowledged in ${silent.lane} before the backup began, so nothing proves that the backup held current data.`,
    };
  if (markers.length === 0)
    return {
      cause: 'not-looked-at',
      found: 'No marker was read after the restore, so nothing proves that the backup held current data.',
    };
  return undefined;
}

/**
 * Returns the record as if the second restore were the only one. The functions that judge the first restore then judge the second.
 * Undefined if there was no second restore, or it was not checked.
 */
function asOtherRestored(record: DrillRecord): DrillRecord | undefined {
  const { recoveryPoints, recoveryPoint } = record;
  const second = recoveryPoints?.otherRestored;
  const point = recoveryPoints?.taken.find(({ name }) => name !== recoveryPoints.restored);
  if (recoveryPoints === undefined || second === undefined || point === undefined || recoveryPoint === null)
    return undefined;
  if (second.failure !== null) return undefined;
  const { comparedWithOther, comparison, markers, claimed, warnings } = second;
  const { id, location, captureBegan, durable, content } = point;
  const { otherRestored: _, comparedWithOther: __, ...points } = recoveryPoints;
  return {
    ...record,
    recoveryPoint: { ...recoveryPoint, id, location },
    recoveryPoints: {
      ...points,
      restored: point.name,
      ...(comparedWithOther === undefined ? {} : { comparedWithOther }),
    },
    moments: { ...record.moments, captureBegan, durable },
    fingerprint: record.fingerprint === null ? null : { ...record.fingerprint, ...content },
    restore: { claimed, warnings, commands: [] },
    comparison,
    markers,
  };
}

const SECOND_RUN =
  'This was the second restore of the drill, into a place that was emptied after the first. Also check what the first one left or removed elsewhere, such as a lock or the older backup.';

/** Returns why the second restore ended early, and who is to blame; undefined if it did not. */
function failureOfOther({
  recoveryPoints,
}: DrillRecord):
  | { readonly blame: 'procedure' | 'harness'; readonly cause: NonNullable<Finding['cause']>; readonly found: string }
  | undefined {
  const failure = recoveryPoints?.otherRestored?.failure ?? null;
  if (failure === null) return undefined;
  const [what = 'no reason was given', ...causes] = failure.messages;
  const because = causes.length > 0 ? ` Cause: ${causes.slice(0, 2).join('; ')}` : '';
  const cause = failure.cause ?? (failure.blame === 'procedure' ? 'restore-failed' : 'drill-failed');
  const opening = `The newer recovery point came back, and the older one did not: the stage "${failure.stage}" failed: ${what}${because}`;
  const found = failure.blame === 'procedure' ? `${opening.replace(/\.?$/, '.')} ${SECOND_RUN}` : opening;
  return { blame: failure.blame, cause, found };
}
