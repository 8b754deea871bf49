/** Paces and budgets of a drill. None of them is an objective. */
export interface DrillTuning {
  readonly markerIntervalMs: number;
  readonly markerBudgetMs: number;
  /** Pause between two attempts of the probe while an answer is awaited, and otherwise. */
  readonly probeIntervalMs: number;
  readonly probeRestIntervalMs: number;
  readonly probeBudgetMs: number;
  /** Markers that every lane must have acknowledged before the backup, and again between the backup and the disaster. */
  readonly markersAround: number;
  /** Pause between two looks at a live replica, and how many there must be before the disaster. */
  readonly replicaIntervalMs: number;
  readonly replicaLooks: number;
  readonly seedBudgetMs: number;
  readonly backupBudgetMs: number;
  readonly destroyBudgetMs: number;
  readonly goneBudgetMs: number;
  /** How long the probe may go on failing after the restore has ended before the drill gives up. */
  readonly serviceBudgetMs: number;
  readonly verifyBudgetMs: number;
  /** For each thing that the clean-up removes. */
  readonly cleanupBudgetMs: number;
  /** How long the clean-up waits for work that was given up and still runs. */
  readonly settleBudgetMs: number;
}

export const defaultTuning: DrillTuning = {
  markerIntervalMs: 50,
  markerBudgetMs: 2_000,
  probeIntervalMs: 50,
  probeRestIntervalMs: 2_000,
  probeBudgetMs: 2_000,
  markersAround: 5,
  replicaIntervalMs: 10,
  replicaLooks: 50,
  seedBudgetMs: 900_000,
  backupBudgetMs: 900_000,
  destroyBudgetMs: 120_000,
  goneBudgetMs: 15_000,
  serviceBudgetMs: 60_000,
  verifyBudgetMs: 900_000,
  cleanupBudgetMs: 60_000,
  settleBudgetMs: 10_000,
};
