import type { verdicts } from './record-parts.ts';

// What a check is told of earlier runs: what each of them found of each promise, and nothing else of their records.

/** What one run found of one disaster of a contract, or of one check of a posture contract. */
export interface PastResult {
  readonly contract: string;
  /** The disaster, or the check. */
  readonly part: string;
  readonly isCheck: boolean;
  /** A check of repetition would find itself again. */
  readonly isOfRepetition: boolean;
  /** When it was found, as UTC. */
  readonly at: string;
  readonly verdict: (typeof verdicts)[number];
  readonly sentence: string;
}

/** A run as the ledger holds it. */
export interface PastRun {
  readonly runId: string;
  /** When it began, as UTC. */
  readonly began: string;
  readonly target: string;
  /** What the project promised when it began: the disasters of each contract; a posture contract has none. */
  readonly promises: readonly { readonly contract: string; readonly disasters: readonly string[] }[];
  /** Without drills that were interrupted. */
  readonly results: readonly PastResult[];
}

/** How a reader goes on after a run. */
export type AfterRun = 'read on' | 'enough';

/**
 * Reads the runs of the project's ledger, the newest first, until the visitor has enough. The run that asks comes first, without results.
 * @returns whether the ledger holds more than may be read.
 * @throws {ExplainedError} for a ledger that cannot be read.
 */
export type ReadPastRuns = (
  visit: (run: PastRun, isThisRun: boolean) => AfterRun,
  signal: AbortSignal,
) => Promise<{ readonly isCut: boolean }>;
