import type { Clock } from '../clock/clock.ts';
import { untilAborted } from '../wait/until-aborted.ts';

/** A budget ended before the work did. */
export class BudgetEndedError extends Error {
  override readonly name = 'BudgetEndedError';
  readonly budgetMs: number;

  constructor(what: string, budgetMs: number) {
    super(`${what} did not finish within its budget of ${Math.round(budgetMs)} ms`);
    this.budgetMs = budgetMs;
  }
}

/** One shared error, because making an error each time costs more than the timer. */
const FINISHED = new Error('the work has finished');

/**
 * Runs work under its own budget on the given clock. The work's signal aborts with a {@link BudgetEndedError} when the budget ends, or with
 * the outer signal's reason. The function does not wait for work that ignores its signal. A caller that must know when such work ends uses
 * `Scope.run`.
 */
export async function withinBudget<T>(
  what: string,
  budgetMs: number,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const budget = new AbortController();
  const finished = new AbortController();
  const timer = clock.pause(budgetMs, AbortSignal.any([signal, finished.signal])).then(
    () => budget.abort(new BudgetEndedError(what, budgetMs)),
    () => undefined,
  );
  const either = AbortSignal.any([signal, budget.signal]);
  try {
    return await untilAborted(started(work, either), either);
  } catch (error) {
    // The reason for the abort says more than the error that the aborted work throws.
    if (either.aborted) throw either.reason;
    throw error;
  } finally {
    finished.abort(FINISHED);
    await timer;
  }
}

/** Starts the work. Work of a plug-in may throw before it returns a promise, or return none. */
async function started<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return await work(signal);
}
