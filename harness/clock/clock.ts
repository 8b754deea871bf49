/** A timer of Node's holds 31 bits: a longer one ends after a millisecond (https://nodejs.org/api/timers.html). */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A point in a run: the monotonic reading measures, the wall reading only stamps. */
export interface Moment {
  readonly utc: string;
  readonly monotonicMs: number;
}

/** The only source of time. Durations are differences of `monotonicMs`; wall time is for stamps. */
export interface Clock {
  monotonicMs(): number;
  now(): Moment;
  /** Resolves after `durationMs`; rejects with the signal's reason when it aborts first. */
  pause(durationMs: number, signal: AbortSignal): Promise<void>;
}

/** The time of this machine. */
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

/** Not that of `node:timers/promises`: it makes an error with a stack for each pause that is cut short, as most budgets are. */
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
