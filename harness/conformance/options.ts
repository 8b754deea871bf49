import type { OpenAsset } from '../model/asset.ts';
import type { Procedure } from '../model/procedure.ts';
import type { Step } from '../model/step.ts';
import type { Target } from '../model/target.ts';

/**
 * Changes the content without the asset's knowledge, as a bad restore would. It finds the content through `asset.environment()`, as
 * programs of the platform do.
 */
export type Sabotage = (asset: OpenAsset, step: Step) => Promise<void>;

/** Changes that a comparison must notice. Each one changes the current content; none has to be undone. */
export interface Sabotages {
  /** Removes one item. */
  readonly drop: Sabotage;
  /** Changes one item. Its size may stay the same. */
  readonly alter: Sabotage;
  /** Adds one item that was not seeded. */
  readonly add: Sabotage;
  /** Swaps two items. No item is lost. */
  readonly reorder: Sabotage | 'has no order';
}

/** Options of the conformance suite for a plug-in. */
export interface ConformanceOptions {
  /** Use `elsewhere` when another call of `conformance` checks the comparison of this kind. */
  readonly sabotage: Sabotages | 'elsewhere';
  /** A procedure that protects the asset. The suite then also backs up and restores, and checks the interface of the procedure. */
  readonly protectedBy?: Procedure;
  /** Names of the disasters to test; all of the asset's when left out. */
  readonly disasters?: readonly string[];
  /**
   * Target on which the asset runs. Default: the target of the global set-up `dr-contracts/vitest`, or one without any server if there is
   * no such set-up.
   */
  readonly target?: Target;
  /** Budget of one test, in milliseconds; 120,000 when left out. */
  readonly budgetMs?: number;
  /** Time until the asset must be gone after its disaster, in milliseconds; 30,000 when left out. */
  readonly goneBudgetMs?: number;
}

export const BUDGET_MS = 120_000;
export const GONE_BUDGET_MS = 30_000;

/** One requirement for a plug-in. It becomes a test. */
export interface Check {
  /** Completes "it …". */
  readonly title: string;
  /** @throws {ExplainedError} for a plug-in that breaks the requirement. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/** Checks that run one after the other on the same asset. They become a suite. */
export interface Course {
  readonly title: string;
  readonly checks: readonly Check[];
  /** Removes everything that the checks have made. */
  readonly end: () => Promise<void>;
}
