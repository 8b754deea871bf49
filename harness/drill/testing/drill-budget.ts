import type { Contract } from '../../model/contract.ts';
import { type DrillTuning, defaultTuning } from '../tuning.ts';

/** Largest number of releases of the clean-up: folder, asset, writers, probe, watch. */
const RELEASES = 6;

/**
 * Returns the longest time that one drill of a contract can take: the budgets of all stages and of its clean-up. A drill that hangs ends
 * itself before that, and names the stage.
 */
export function drillBudgetMs({ rtoMs, protectedBy }: Contract, tuning: Partial<DrillTuning> = {}): number {
  const budgets = { ...defaultTuning, ...tuning };
  const { seedBudgetMs, backupBudgetMs, verifyBudgetMs, goneBudgetMs, serviceBudgetMs } = budgets;
  const before = seedBudgetMs * 2 + verifyBudgetMs + backupBudgetMs + seedBudgetMs;
  // The drill reads the living asset after each of the two backups, and once more between them.
  const isTwice = typeof protectedBy.schedule !== 'string' || protectedBy.restoresEarlierMoments === true;
  const second = isTwice ? verifyBudgetMs * 2 + seedBudgetMs + backupBudgetMs : 0;
  // A contract with one disaster clears the restored data, restores the other point and reads it.
  const clearing = budgets.destroyBudgetMs + goneBudgetMs * 2;
  // The restore of the other point gets twice the RTO, but at least twice the service budget.
  const otherRestore = Math.max(rtoMs, serviceBudgetMs) * 2;
  const other = isTwice ? clearing + otherRestore + verifyBudgetMs * 2 : 0;
  const disaster = budgets.destroyBudgetMs + goneBudgetMs * 2;
  const replica = protectedBy.schedule === 'mirror' ? goneBudgetMs * 2 : 0;
  // Provisioning and restore each get the rest of the RTO plus one second, but at least the service budget.
  const recovery = Math.max(rtoMs + 1_000, serviceBudgetMs) * 2 + serviceBudgetMs;
  const failBack = protectedBy.failBack === undefined ? 0 : seedBudgetMs * 3 + backupBudgetMs * 3 + verifyBudgetMs;
  const cleanUp = budgets.settleBudgetMs + budgets.cleanupBudgetMs * RELEASES;
  return before + second + other + disaster + replica + recovery + verifyBudgetMs + failBack + cleanUp;
}
