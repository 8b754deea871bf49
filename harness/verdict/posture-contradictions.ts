import {
  type ComparisonObservation,
  type Observation,
  POINTS_LISTED,
  type RecoveryPointsObservation,
  type RetentionObservation,
} from '../model/posture.ts';

/** Where the parts of an observation do not agree; undefined when they do. */
export function contradictionIn(observation: Observation): string | undefined {
  switch (observation.kind) {
    case 'comparison':
      return inComparison(observation);
    case 'retention':
      return inRetention(observation);
    case 'recovery-points':
      return inRecoveryPoints(observation);
    case 'schedule':
    // A cost is added again before it is judged, whatever its verdict.
    case 'cost':
      return undefined;
  }
}

function inComparison({ of, firstDifferences }: ComparisonObservation): string | undefined {
  const [first] = firstDifferences;
  return first === undefined ? undefined : `no ${of} differ, and ${first.item} is not ${first.expected}`;
}

function inRetention({ recoveryPoints, oldest }: RetentionObservation): string | undefined {
  if ((recoveryPoints === 0) === (oldest === null)) return undefined;
  return `${recoveryPoints} recovery points lie there, and the oldest is of ${oldest}`;
}

function inRecoveryPoints({
  counted,
  succeeded,
  failed,
  missed = 0,
  points,
}: RecoveryPointsObservation): string | undefined {
  if (points.length !== Math.min(counted, POINTS_LISTED)) {
    return `${counted} recovery points are counted, and ${points.length} are listed`;
  }
  const listed = (outcome: 'succeeded' | 'failed') => points.filter((point) => point.outcome === outcome).length;
  const all = counted <= POINTS_LISTED;
  for (const [outcome, count] of [
    ['succeeded', succeeded],
    ['failed', failed - missed],
  ] as const) {
    if (count < listed(outcome) || (all && count > listed(outcome))) {
      return `${count === 1 ? '1 recovery point is' : `${count} recovery points are`} said to have ${outcome}, and ${listed(outcome)} of the listed ones have`;
    }
  }
  if (succeeded + failed - missed > counted)
    return `${succeeded + failed - missed} of ${counted} recovery points have ended`;
  return undefined;
}
