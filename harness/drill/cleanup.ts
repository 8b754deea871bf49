import type { Clock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';
import type { DrillRecord } from '../model/record.ts';
import { withinBudget } from './deadline.ts';

type CleanupOutcome = DrillRecord['cleanup'][number];

/**
 * Teardown of a drill: registered before set-up, run in reverse, each under its own budget and no signal but that, all of
 * it tried. Its outcome is part of the record.
 */
export class Cleanup {
  readonly #clock: Clock;
  readonly #budgetMs: number;
  readonly #tasks: { what: string; undo: () => Promise<void> }[] = [];

  constructor(clock: Clock, budgetMs: number) {
    this.#clock = clock;
    this.#budgetMs = budgetMs;
  }

  register(what: string, undo: () => Promise<void>): void {
    this.#tasks.push({ what, undo });
  }

  async run(): Promise<CleanupOutcome[]> {
    const outcomes: CleanupOutcome[] = [];
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      const { what, undo } = task;
      try {
        const never = new AbortController().signal;
        await withinBudget(what, this.#budgetMs, { clock: this.#clock, signal: never }, undo);
        outcomes.push({ what, outcome: 'done' });
      } catch (error) {
        outcomes.push({ what, outcome: 'failed', message: summaryOf(error) });
      }
    }
    return outcomes;
  }
}
