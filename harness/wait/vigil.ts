import { withinBudget } from '../base/budget.ts';
import type { Clock } from '../clock/clock.ts';
import type { SpeedControl } from '../model/asset.ts';
import { isTimeOut, summaryOf } from '../model/errors.ts';
import type { ControlReading, LateAttempt, RepeatedAttempts } from '../model/record.ts';

const LISTED = 20;

interface VigilOptions {
  /** Rejects with the reason when the watched thing is not in order. */
  readonly ask: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Longest time for an answer. A later answer is a failure. */
  readonly attemptBudgetMs: number;
  /** Controls that show the speed of the machine while an attempt took too long. */
  readonly controls?: readonly SpeedControl[];
}

interface VigilCounts {
  readonly attempts: number;
  readonly failures: number;
  /** Counts for the record. The judge uses them to tell a slow platform from a slow machine. Undefined when no attempt failed. */
  readonly record: RepeatedAttempts | undefined;
  readonly firstFailure: string | undefined;
  /** The longest time between two good answers, or from the start to the first one, or from the last one to the end. */
  readonly longestSilenceMs: number;
}

/** Watch that repeats the same request until it is stopped, and counts the answers. {@link Vigil.stop} returns the counts. */
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
    // The caller of `stop` sees the error.
    this.#running.catch(() => undefined);
  }

  /** Ends the watch and returns the counts. */
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
      // An answer that was abandoned at the end of the watch says nothing.
      if (this.#stop.signal.aborted) return;
      this.#attempts += 1;
      this.#failures += 1;
      this.#firstFailure ??= summaryOf(error);
      if (isTimeOut(error)) await this.#noteLate(clock.monotonicMs() - beganMs, watch);
    } finally {
      await watch.giveUp();
    }
  }

  /** Keeps the attempts during which the controls were quickest, because they are the strongest evidence against the platform. */
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

/** Pause before each request to a control, including the first. A healthy attempt ends earlier and costs no request. */
const PAUSE_MS = 250;
/** Limit above which an answer of a control is slow. An idle machine answers in less than a third of it. */
const SLOW_ANSWER_MS = 100;
/** Budget of one answer of a control. A control that does not answer by then may be gone, so it does not show a slow machine. */
const ANSWER_BUDGET_MS = 30_000;

interface Seen {
  readonly what: string;
  answers: number;
  unanswered: number;
  slowestMs: number;
  readonly slow: { readonly beganMs: number; readonly endedMs: number }[];
}

/**
 * Watch that asks each control repeatedly while one attempt runs. It shows the speed of the machine at the time of an attempt that took too
 * long. A late timer counts like a late answer: both show a busy machine.
 */
class ControlWatch {
  readonly #clock: Clock;
  readonly #givenUp = new AbortController();
  readonly #seen: readonly Seen[];
  readonly #running: Promise<unknown>;
  #endedMs: number | undefined;

  constructor(controls: readonly SpeedControl[], clock: Clock) {
    this.#clock = clock;
    const followed = controls.map((control) => ({
      control,
      seen: { what: control.what, answers: 0, unanswered: 0, slowestMs: 0, slow: [] },
    }));
    this.#seen = followed.map(({ seen }) => seen);
    this.#running = Promise.all(followed.map(({ control, seen }) => this.#follow(control, seen)));
    // The caller sees it in `readings` or `giveUp`.
    this.#running.catch(() => undefined);
  }

  /** Ends the watch of an attempt that has just ended. Resolves when each control has answered its open request. */
  async readings(): Promise<readonly ControlReading[]> {
    const attemptEndedMs = this.#clock.monotonicMs();
    this.#endedMs = attemptEndedMs;
    await this.#running;
    return this.#seen.map(({ slow, ...counts }) => ({
      ...counts,
      slowMs: slow.reduce((sum, { beganMs, endedMs }) => sum + Math.min(endedMs, attemptEndedMs) - beganMs, 0),
    }));
  }

  /** Ends the watch of an attempt for which the speed of the machine does not matter. */
  async giveUp(): Promise<void> {
    this.#endedMs = this.#clock.monotonicMs();
    this.#givenUp.abort(new Error('the attempt is over'));
    await this.#running;
  }

  async #follow(control: SpeedControl, seen: Seen): Promise<void> {
    try {
      while (this.#endedMs === undefined) await this.#ask(control, seen);
    } catch (error) {
      if (!this.#givenUp.signal.aborted) throw error;
    }
  }

  async #ask(control: SpeedControl, seen: Seen): Promise<void> {
    const { signal } = this.#givenUp;
    const beganMs = this.#clock.monotonicMs();
    await this.#clock.pause(PAUSE_MS, signal);
    if (this.#endedMs !== undefined) return;
    try {
      await withinBudget(control.what, ANSWER_BUDGET_MS, { clock: this.#clock, signal }, control.ask);
    } catch {
      signal.throwIfAborted();
      seen.unanswered += 1;
      return;
    }
    const endedMs = this.#clock.monotonicMs();
    const answerMs = endedMs - beganMs - PAUSE_MS;
    seen.answers += 1;
    seen.slowestMs = Math.max(seen.slowestMs, answerMs);
    if (answerMs > SLOW_ANSWER_MS) seen.slow.push({ beganMs, endedMs });
  }
}
