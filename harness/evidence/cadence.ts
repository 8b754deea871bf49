// How often a contract promises a proof, and when one is missing. `verify` and the gate count in the same way.

/** A proof may come later than promised by this share of the cadence, or by an hour where that is longer: runs do not take equally long. */
const LATE_SHARE = 0.1;
const LATE_MS = 3_600_000;

/** How old the last proof may become before a scheduled run is missing. */
export const oldestProofMs = (cadenceMs: number): number => cadenceMs + Math.max(cadenceMs * LATE_SHARE, LATE_MS);

/**
 * How many scheduled runs are missing between two moments; 0 where the later one is in time.
 * @param isProved whether the later moment is a proof itself, which came instead of the last of them.
 */
export function missingRuns(gapMs: number, cadenceMs: number, isProved: boolean): number {
  if (gapMs <= oldestProofMs(cadenceMs)) return 0;
  return Math.max(1, Math.floor(gapMs / cadenceMs) - (isProved ? 1 : 0));
}
