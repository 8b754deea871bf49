/** One thing that a plug-in must do. Becomes a test. */
export interface Check {
  /** Completes "it …". */
  readonly title: string;
  /** @throws {ExplainedError} for a plug-in that does otherwise. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Checks that follow each other on the same asset. Becomes a suite. */
export interface Course {
  readonly title: string;
  readonly checks: readonly Check[];
  /** Removes what the checks have made. */
  readonly end: () => Promise<void>;
}
