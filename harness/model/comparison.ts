import type { ComparisonObservation, PostureDifference, UndecidedItem } from './posture.ts';

/** Enough for a reader to see the pattern; the rest is in the count. */
const SHOWN = 25;

/** What was compared, with every difference. */
export interface Comparison {
  readonly of: string;
  readonly compared: number;
  readonly differences: readonly PostureDifference[];
  readonly undecided?: readonly UndecidedItem[];
  readonly evidence?: Readonly<Record<string, string>>;
  readonly notVerified?: readonly string[];
  /** Why there is nothing yet that could break the promise; said in the place of what was compared. */
  readonly nothingYet?: string | undefined;
  /** Completes "compared by": `evaluation`, or `trying on` a service and its version. */
  readonly basis?: string | undefined;
}

/** A comparison as it goes into the record. */
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
