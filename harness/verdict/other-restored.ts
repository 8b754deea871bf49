import type { DrillRecord, Finding } from '../model/record.ts';

/**
 * The record as it would be if the second restore were the only one: what judges the first then judges the second. Undefined where there
 * was none, or it was not looked at.
 */
export function asOtherRestored(record: DrillRecord): DrillRecord | undefined {
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
  'This was the second restore of the drill, into the place that was emptied after the first: look as well at what the first one left or removed elsewhere, such as a lock or the older backup.';

/** Why the second restore ended early, and who is to blame; undefined where it did not. */
export function failureOfOther({
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
