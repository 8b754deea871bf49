import { withinBudget } from '../base/budget.ts';
import type { Clock } from '../clock/clock.ts';
import type { SpeedControl } from '../model/asset.ts';
import { isTimeOut, summaryOf } from '../model/errors.ts';
import type { LateAttempt, RepeatedAttempts } from '../model/record.ts';
import { ControlWatch, SLOW_ANSWER_MS } from './control-watch.ts';

const LISTED = 20;

export interface VigilOptions {
  /** Rejects with the reason when what is watched is not as it must be. */
  readonly ask: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** An answer that takes longer is a failure. */
  readonly attemptBudgetMs: number;
  /** What shows how quick the machine was while an attempt took too long. */
  readonly controls?: readonly SpeedControl[];
}

export interface VigilCounts {
  readonly attempts: number;
  readonly failures: number;
  /** For the record, so that the judge can tell a slow platform from a slow machine; left out when no attempt failed. */
  readonly record: RepeatedAttempts | undefined;
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
  #late = 0;
  #lateAttempts: readonly LateAttempt[] = [];
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
      record: this.#record(),
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
    const { ask, clock, attemptBudgetMs, controls = [] } = this.#options;
    const beganMs = clock.monotonicMs();
    const watch = new ControlWatch(controls, clock);
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
      if (isTimeOut(error)) await this.#noteLate(clock.monotonicMs() - beganMs, watch);
    } finally {
      await watch.giveUp();
    }
  }

  /** Keeps the attempts during which the controls were quickest: they accuse the platform most. */
  async #noteLate(tookMs: number, watch: ControlWatch): Promise<void> {
    const attempt: LateAttempt = { tookMs, controls: [...(await watch.readings())] };
    this.#late += 1;
    this.#lateAttempts = [...this.#lateAttempts, attempt]
      .toSorted((one, other) => slowShareOf(one) - slowShareOf(other))
      .slice(0, LISTED);
  }

  #record(): RepeatedAttempts | undefined {
    if (this.#failures === 0) return undefined;
    return {
      made: this.#attempts,
      failed: this.#failures,
      late: this.#late,
      budgetMs: this.#options.attemptBudgetMs,
      slowAnswerMs: SLOW_ANSWER_MS,
      lateAttempts: [...this.#lateAttempts],
    };
  }

  #noteSilence(): void {
    this.#longestSilenceMs = Math.max(this.#longestSilenceMs, this.#options.clock.monotonicMs() - this.#lastGoodMs);
  }
}

const slowShareOf = ({ tookMs, controls }: LateAttempt): number =>
  Math.max(0, ...controls.map(({ slowMs }) => slowMs)) / tookMs;
