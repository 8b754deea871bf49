import type { Comparison, DrillRecord, Finding, LaneOutcome } from '../model/record.ts';
import { causesOf } from './content-causes.ts';

/** Whether what was acknowledged before the capture came back, and came back the same. */
export function judgeContent(record: DrillRecord): Finding {
  const problem = nothingBack(record) ?? corruptionIn(record.markers) ?? contentDifferences(record);
  if (problem !== undefined) {
    return { name: 'content', verdict: 'breached', sentence: [problem, ...causesOf(record)].join(' ') };
  }
  const missing = proofMissing(record);
  if (missing !== undefined) return { name: 'content', verdict: 'unproven', sentence: missing };
  const compared = record.comparison?.items.map(({ kind, matched }) => `${matched} ${kind}`).join(', ');
  return {
    name: 'content',
    verdict: 'met',
    sentence: `Everything acknowledged before the capture came back the same: ${compared}.`,
  };
}

/** Where nothing came back, neither "leaves data out" nor a first difference says what happened. */
function nothingBack({ comparison, markers }: DrillRecord): string | undefined {
  const lanes = markers.filter(({ acknowledgedBeforeCapture }) => acknowledgedBeforeCapture > 0);
  const items = comparison?.items.filter(({ expected }) => expected > 0) ?? [];
  const isEmpty =
    items.length > 0 &&
    comparison?.items.every(({ restored }) => restored === 0) === true &&
    markers.every(({ restored }) => restored === 0);
  if (!isEmpty) return undefined;
  const missing = [
    ...items.map(({ expected, kind }) => `${expected} ${kind}`),
    ...lanes.map(
      (lane) => `${lane.acknowledgedBeforeCapture} markers acknowledged in ${lane.lane} before the backup began`,
    ),
  ];
  return `Nothing came back: none of ${listed(missing)}.`;
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

function corruptionIn(lanes: readonly LaneOutcome[]): string | undefined {
  for (const lane of lanes) {
    const where = `in ${lane.lane}`;
    if ((lane.lostFromReplica ?? 0) > 0) {
      return `${lane.lostFromReplica} markers ${where} were lost although the mirror had acknowledged them (first: ${lane.firstLostFromReplica}); the mirror or its promotion loses data.`;
    }
    if (lane.lostBeforeCapture > 0 && lane.restored === 0) {
      return `None of the ${lane.acknowledgedBeforeCapture} markers acknowledged ${where} before the backup began came back; the backup or the restore leaves ${lane.lane} out.`;
    }
    if (lane.lostBeforeCapture > 0) {
      return `${lane.lostBeforeCapture} of ${lane.acknowledgedBeforeCapture} markers acknowledged ${where} before the backup began did not come back (first: ${lane.firstLostBeforeCapture}); the backup or the restore leaves data out.`;
    }
    if (lane.altered > 0)
      return `${lane.altered} markers ${where} came back altered; the backup or the restore changes data.`;
    if (lane.duplicated > 0)
      return `${lane.duplicated} markers ${where} came back more than once; the restore duplicates data.`;
    if (lane.reordered > 0)
      return `${lane.reordered} markers ${where} came back out of order; the restore reorders data.`;
    if (lane.unknown > 0)
      return `${lane.unknown} markers ${where} came back that nobody wrote; the restore brings foreign data.`;
  }
  return undefined;
}

function contentDifferences({ comparison }: DrillRecord): string | undefined {
  const differing = differencesIn(comparison);
  return differing === undefined ? undefined : `What came back is not what was backed up: ${differing}`;
}

/** The faults of a comparison and its first difference, as the rest of a sentence; undefined when there is none. */
export function differencesIn(comparison: Comparison | null): string | undefined {
  if (comparison === null) return undefined;
  const faults = comparison.items.flatMap(({ kind, expected, missing, extra, differing }) => [
    ...(missing > 0 ? [`${missing} of ${expected} ${kind} missing`] : []),
    ...(differing > 0 ? [`${differing} of ${expected} ${kind} differing`] : []),
    ...(extra > 0 ? [`${extra} ${kind} too many`] : []),
  ]);
  if (faults.length === 0 && comparison.firstDifferences.length === 0) return undefined;
  const [first] = comparison.firstDifferences;
  const detail = first
    ? ` First difference: ${first.item}, ${first.field}: expected ${first.expected}, found ${first.observed}.`
    : '';
  return `${faults.join(', ')}${faults.length === 0 ? '' : '.'}${detail}`.trim();
}

function proofMissing({ comparison, fingerprint, markers, moments }: DrillRecord): string | undefined {
  if (moments.restoreEnded === null) return 'Nothing was restored.';
  if (fingerprint === null || fingerprint.items === 0)
    return 'The asset was empty before the disaster, so its restore proves nothing.';
  const isCompared = comparison?.items.some(({ matched }) => matched > 0);
  if (isCompared !== true) return 'Zero items were compared after the restore, so nothing is proved.';
  const silent = markers.find(({ acknowledgedBeforeCapture }) => acknowledgedBeforeCapture === 0);
  if (silent !== undefined && moments.captureBegan !== null)
    return `No marker was acknowledged in ${silent.lane} before the backup began, so nothing proves that the backup held current data.`;
  if (markers.length === 0)
    return 'No marker was read after the restore, so nothing proves that the backup held current data.';
  return undefined;
}
