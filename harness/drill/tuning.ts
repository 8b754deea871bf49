/** Paces and budgets of a drill. None of them is an objective. */
export interface DrillTuning {
  readonly markerIntervalMs: number;
  readonly markerBudgetMs: number;
  /** Pauses between two attempts of the probe: while the drill waits for an answer, and otherwise. */
  readonly probeIntervalMs: number;
  readonly probeRestIntervalMs: number;
  readonly probeBudgetMs: number;
  /** Markers that every lane must have acknowledged before the backup, and again between the backup and the disaster. */
  readonly markersAround: number;
  /** Pause between two looks at a live replica, and the number of looks before the disaster. */
  readonly replicaIntervalMs: number;
  readonly replicaLooks: number;
  readonly seedBudgetMs: number;
  readonly backupBudgetMs: number;
  readonly destroyBudgetMs: number;
  readonly goneBudgetMs: number;
  /** Time for which the probe may keep failing after the restore before the drill gives up. */
  readonly serviceBudgetMs: number;
  readonly verifyBudgetMs: number;
  /** Budget for each thing that the clean-up removes. */
  readonly cleanupBudgetMs: number;
  /** Time for which the clean-up waits for abandoned work that still runs. */
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
