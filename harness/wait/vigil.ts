import { withinBudget } from '../base/budget.ts';
import type { Clock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';

export interface VigilOptions {
  /** Rejects with the reason when what is watched is not as it must be. */
  readonly ask: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** An answer that takes longer is a failure. */
  readonly attemptBudgetMs: number;
}

export interface VigilCounts {
  readonly attempts: number;
  readonly failures: number;
  readonly firstFailure: string | undefined;
  /** The longest time between two good answers, or between the beginning or the end and the nearest one. */
  readonly longestSilenceMs: number;
}

/** Asks the same thing over and over until it is stopped, and counts. What it found is told by {@link Vigil.stop}. */
export class Vigil implements AsyncDisposable {
  readonly #options: VigilOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #attempts = 0;
  #failures = 0;
  #firstFailure: string | undefined;
  #lastGoodMs: number;
  #longestSilenceMs = 0;

  constructor(options: VigilOptions) {
    this.#options = options;
    this.#lastGoodMs = options.clock.monotonicMs();
    this.#running = this.#run();
    // Whoever stops the watch is told.
    this.#running.catch(() => undefined);
  }

  /** Ends the watch, and tells what it saw. */
  async stop(): Promise<VigilCounts> {
    if (!this.#stop.signal.aborted) this.#noteSilence();
    this.#stop.abort();
    await this.#running;
    return {
      attempts: this.#attempts,
      failures: this.#failures,
      firstFailure: this.#firstFailure,
      longestSilenceMs: this.#longestSilenceMs,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    const { clock, intervalMs } = this.#options;
    while (!this.#stop.signal.aborted) {
      await this.#attempt();
      try {
        await clock.pause(intervalMs, this.#stop.signal);
      } catch (error) {
        if (!this.#stop.signal.aborted) throw error;
      }
    }
  }

  async #attempt(): Promise<void> {
    const { ask, clock, attemptBudgetMs } = this.#options;
    try {
      await withinBudget('an answer', attemptBudgetMs, { clock, signal: this.#stop.signal }, ask);
      this.#attempts += 1;
      this.#noteSilence();
      this.#lastGoodMs = this.#options.clock.monotonicMs();
    } catch (error) {
      // An answer that was given up because the watch ends says nothing.
      if (this.#stop.signal.aborted) return;
      this.#attempts += 1;
      this.#failures += 1;
      this.#firstFailure ??= summaryOf(error);
    }
  }

  #noteSilence(): void {
    this.#longestSilenceMs = Math.max(this.#longestSilenceMs, this.#options.clock.monotonicMs() - this.#lastGoodMs);
  }
}
