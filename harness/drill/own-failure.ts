import { BudgetEndedError } from '../base/budget.ts';
import type { DrillRecord, PartFailure } from '../model/record.ts';
import { StageFailedError } from './stages.ts';

/**
 * Runs a part of a drill that follows the recovery. What fails in it says nothing about the recovery: the failure is taken out of the
 * record of the drill, and returned. A drill that was ended early stays one.
 */
export async function withOwnFailure(
  record: DrillRecord,
  work: () => Promise<void>,
  { timeOutsAreOurs = false }: { readonly timeOutsAreOurs?: boolean } = {},
): Promise<PartFailure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof StageFailedError)) throw error;
    const { failure } = record;
    if (failure === null || failure.aborted) throw error;
    const { stage, blame, messages, cause } = failure;
    record.failure = null;
    const isOurs = timeOutsAreOurs && error.cause instanceof BudgetEndedError;
    return { stage, blame: isOurs ? 'harness' : blame, messages, cause };
  }
}
