import type { OpenAsset } from '../model/asset.ts';
import type { DrillRecord } from '../model/record.ts';
import type { Step } from '../model/step.ts';
import { arrived, notYet, WaitTimeoutError, waitFor } from '../wait/wait.ts';

/** Repeats the reads that must show everything gone, and records the last ones. Returns whether they all did within the budget. */
export async function untilGone(asset: OpenAsset, record: DrillRecord, budgetMs: number, step: Step): Promise<boolean> {
  try {
    await waitFor(
      {
        for: 'every read to show the asset gone',
        budgetMs,
        look: async (signal) => {
          const checks = await asset.proveGone({ ...step, signal });
          record.absence = checks.map((check) => ({ ...check }));
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
