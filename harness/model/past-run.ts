import type { verdicts } from './record-parts.ts';

// Results of earlier runs for a check: the verdict on each promise, and nothing else of their records.

/** Result of one run for one disaster of a contract, or for one check of a posture contract. */
export interface PastResult {
  readonly contract: string;
  /** The disaster, or the check. */
  readonly part: string;
  readonly isCheck: boolean;
  /** True for a check of repetition, which would otherwise count its own results. */
  readonly isOfRepetition: boolean;
  /** Time of the result, in UTC. */
  readonly at: string;
  readonly verdict: (typeof verdicts)[number];
  readonly sentence: string;
}

/** A run as the ledger holds it. */
export interface PastRun {
  readonly runId: string;
  /** Time at which it began, in UTC. */
  readonly began: string;
  readonly target: string;
  /** Promises of the project when the run began: the disasters of each contract. A posture contract has none. */
  readonly promises: readonly { readonly contract: string; readonly disasters: readonly string[] }[];
  /** Results without those of interrupted drills. */
  readonly results: readonly PastResult[];
}

/** Decision of a visitor after each run. */
export type AfterRun = 'read on' | 'enough';

/**
 * Reads the runs of the project's ledger, the newest first, until the visitor returns `enough`. The current run comes first, without
 * results.
 * @returns whether the ledger holds more runs than the limit allows to read.
 * @throws {ExplainedError} for a ledger that cannot be read.
 */
export type ReadPastRuns = (
  visit: (run: PastRun, isThisRun: boolean) => AfterRun,
  signal: AbortSignal,
) => Promise<{ readonly isCut: boolean }>;
