import type { AbsenceCheck } from '../model/asset.ts';
import type { Step } from '../model/step.ts';
import { arrived, notYet, WaitTimeoutError, waitFor } from '../wait/wait.ts';

/**
 * Repeats the reads that must show everything gone, and passes each round to `note`. Returns true when all reads of a round showed it
 * within the budget.
 */
export async function untilGone(
  { proveGone, note }: { readonly proveGone: ProveGone; readonly note: (checks: AbsenceCheck[]) => void },
  budgetMs: number,
  step: Step,
): Promise<boolean> {
  try {
    await waitFor(
      {
        for: 'every read to show the asset gone',
        budgetMs,
        look: async (signal) => {
          const checks = await proveGone({ ...step, signal });
          note(checks.map((check) => ({ ...check })));
          const still = checks.find(({ gone }) => !gone);
          if (still !== undefined) return notYet(`${still.what}: ${still.observed}`);
          return checks.length > 0 ? arrived(undefined) : notYet('nothing was read');
        },
      },
      step.clock,
      step.signal,
    );
    return true;
  } catch (error) {
    if (error instanceof WaitTimeoutError && error.cause === undefined) return false;
    throw error;
  }
}

type ProveGone = (step: Step) => Promise<readonly AbsenceCheck[]>;
