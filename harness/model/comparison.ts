import type { ComparisonObservation, PostureDifference, UndecidedItem } from './posture.ts';

/** Number of differences that a record lists. It is enough to show the pattern; the count covers the rest. */
const SHOWN = 25;

/** Result of a comparison, with every difference. */
export interface Comparison {
  readonly of: string;
  readonly compared: number;
  readonly differences: readonly PostureDifference[];
  readonly undecided?: readonly UndecidedItem[];
  readonly evidence?: Readonly<Record<string, string>>;
  readonly notVerified?: readonly string[];
  /** Why nothing exists yet that could break the promise. The report shows it instead of the compared things. */
  readonly nothingYet?: string | undefined;
  /** Completes "compared by": `evaluation`, or `trying on` a service and its version. */
  readonly basis?: string | undefined;
}

/** Converts a comparison to its form in the record. */
export function comparisonOf(made: Comparison): ComparisonObservation {
  return {
    kind: 'comparison',
    of: made.of,
    compared: made.compared,
    differing: made.differences.length,
    firstDifferences: made.differences.slice(0, SHOWN),
    ...(made.undecided === undefined || made.undecided.length === 0
      ? {}
      : { undecided: made.undecided.slice(0, SHOWN) }),
    evidence: { ...made.evidence },
    notVerified: [...(made.notVerified ?? [])],
    ...(made.nothingYet === undefined ? {} : { nothingYet: made.nothingYet }),
    ...(made.basis === undefined ? {} : { basis: made.basis }),
  };
}
