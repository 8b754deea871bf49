import type { ComparisonObservation, PostureDifference } from './posture.ts';

/** Enough for a reader to see the pattern; the rest is in the count. */
const SHOWN = 25;

/** A comparison as it goes into the record. */
export function comparisonOf(made: {
  readonly of: string;
  readonly compared: number;
  readonly differences: readonly PostureDifference[];
  readonly evidence?: Readonly<Record<string, string>>;
  readonly notVerified?: readonly string[];
}): ComparisonObservation {
  return {
    kind: 'comparison',
    of: made.of,
    compared: made.compared,
    differing: made.differences.length,
    firstDifferences: made.differences.slice(0, SHOWN),
    evidence: { ...made.evidence },
    notVerified: [...(made.notVerified ?? [])],
  };
}
