import { withinBudget } from '../base/budget.ts';
import type { Clock } from '../clock/clock.ts';
import type { SpeedControl } from '../model/asset.ts';
import type { ControlReading } from '../model/record.ts';

/** Before each request, the first one as well: a healthy attempt is over by then, and costs no request to a control. */
const PAUSE_MS = 250;
/** An idle machine answers a control in less than a third of it. */
export const SLOW_ANSWER_MS = 100;
/** A control that has not answered by then does not show that the machine is slow: it may be gone itself. */
const ANSWER_BUDGET_MS = 30_000;

interface Seen {
  readonly what: string;
  answers: number;
  unanswered: number;
  slowestMs: number;
  readonly slow: { readonly beganMs: number; readonly endedMs: number }[];
}

/**
 * Asks each control over and over while one attempt runs, so that an attempt that took too long can be held against the speed of the
 * machine at that very time. A timer that fires late counts like an answer that comes late: both show a busy machine.
 */
export class ControlWatch {
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

  /** Ends the watch of an attempt that ended now, once each control has answered the request that is under way. */
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
