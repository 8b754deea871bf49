import type { OpenAsset } from '../model/asset.ts';
import type { Procedure } from '../model/procedure.ts';
import type { Step } from '../model/step.ts';
import type { Target } from '../model/target.ts';

/**
 * Changes the content behind the asset's back, as a bad restore would. It finds the content by `asset.environment()`, as any program of the
 * platform does.
 */
export type Sabotage = (asset: OpenAsset, step: Step) => Promise<void>;

/** What a comparison must notice. Each one changes the content as it is then; none of them has to be undone. */
export interface Sabotages {
  /** Removes one item. */
  readonly drop: Sabotage;
  /** Changes one item; its size may stay. */
  readonly alter: Sabotage;
  /** Adds one item that nobody seeded. */
  readonly add: Sabotage;
  /** Exchanges two items, so that every item is still there. */
  readonly reorder: Sabotage | 'has no order';
}

/** What the conformance suite is told about a plug-in. */
export interface ConformanceOptions {
  /** `elsewhere` where another call of `conformance` has looked at the comparison of this kind. */
  readonly sabotage: Sabotages | 'elsewhere';
  /** A procedure that protects the asset. The suite then also backs up, restores, and holds the procedure to its interface. */
  readonly protectedBy?: Procedure;
  /** Disasters by name; all of the asset when left out. */
  readonly disasters?: readonly string[];
  /**
   * Where the asset runs. When left out, it is the target that the global set-up `dr-contracts/vitest` has started, or one without any server
   * where there is no such set-up.
   */
  readonly target?: Target;
  /** For one test, in milliseconds; 120,000 when left out. */
  readonly budgetMs?: number;
  /** How long the asset may take to be gone after its disaster, in milliseconds; 30,000 when left out. */
  readonly goneBudgetMs?: number;
}

export const BUDGET_MS = 120_000;
export const GONE_BUDGET_MS = 30_000;

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
