/** Longest timer of Node, which has 31 bits. A longer one ends after a millisecond (https://nodejs.org/api/timers.html). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A point in time of a run. Durations use the monotonic reading; the wall reading is only a stamp. */
export interface Moment {
  readonly utc: string;
  readonly monotonicMs: number;
}

/** The only source of time. Durations are differences of `monotonicMs`. Wall time is for stamps. */
export interface Clock {
  monotonicMs(): number;
  now(): Moment;
  /** Resolves after `durationMs`; rejects with the signal's reason when it aborts first. */
  pause(durationMs: number, signal: AbortSignal): Promise<void>;
}

/** Clock of this machine. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  now: () => ({ utc: new Date().toISOString(), monotonicMs: performance.now() }),
  pause: async (durationMs, signal) => {
    signal.throwIfAborted();
    for (let leftMs = durationMs; leftMs > 0 || leftMs === durationMs; leftMs -= LONGEST_TIMER_MS) {
      await delay(Math.min(leftMs, LONGEST_TIMER_MS), signal);
    }
  },
};

/** Replaces `node:timers/promises`, which makes an error with a stack for each pause that is cut short. Most budgets are cut short. */
function delay(durationMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => {
    clearTimeout(timer);
    reject(signal.reason);
  };
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', onAbort);
    resolve();
  }, durationMs);
  signal.addEventListener('abort', onAbort, { once: true });
  return promise;
}
