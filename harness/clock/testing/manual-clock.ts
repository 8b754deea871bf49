import type { Clock, Moment } from '../clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

const BEGAN_UTC_MS = Date.UTC(2026, 0, 15, 12);
/** Turns of the event loop without a waiter on the clock after which the work counts as stuck. */
const PATIENCE_TURNS = 100;

/**
 * A clock that moves only when all other work rests. It jumps to the next moment for which code waits. With work in memory a test is exact
 * and takes no time. The clock cannot see real input and output: do not use them in its tests.
 */
export class ManualClock implements Clock {
  #nowMs = 1_000;
  #sleepers: Sleeper[] = [];
  /** Called at the start of every pause. */
  onPause: () => void = () => undefined;

  monotonicMs(): number {
    return this.#nowMs;
  }

  now(): Moment {
    return { utc: new Date(BEGAN_UTC_MS + this.#nowMs).toISOString(), monotonicMs: this.#nowMs };
  }

  async pause(durationMs: number, signal: AbortSignal): Promise<void> {
    this.onPause();
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { dueMs: this.#nowMs + durationMs, wake: resolve };
    const onAbort = () => {
      this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#sleepers.push(sleeper);
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Wakes the next waiter. @returns false when there is none. */
  advance(): boolean {
    const next = this.#sleepers.reduce<Sleeper | undefined>(
      (first, each) => (first === undefined || each.dueMs < first.dueMs ? each : first),
      undefined,
    );
    if (next === undefined) return false;
    this.#sleepers = this.#sleepers.filter((each) => each !== next);
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.wake();
    return true;
  }

  /** Moves time on until the work has settled. @throws when the work waits for something other than this clock. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    work.then(done, done);
    for (let idleTurns = 0; ; idleTurns += 1) {
      await turn();
      if (settled) return work;
      if (this.advance()) idleTurns = 0;
      if (idleTurns > PATIENCE_TURNS) throw new Error('the work waits for something other than the manual clock');
    }
  }

  /** Moves time on until there are no waiters. @throws when a waiter returns again and again, because it was not stopped. */
  async runDry(mostMoves = 1_000): Promise<void> {
    for (let moves = 0; moves < mostMoves; moves += 1) {
      await turn();
      if (!this.advance()) return;
    }
    throw new Error(`something waits for the manual clock even after ${mostMoves} moves`);
  }

  /** Moves time on by the duration, with or without waiters. */
  async pass(durationMs: number): Promise<void> {
    await this.drive(this.pause(durationMs, new AbortController().signal));
  }
}

/** Resolves when every due microtask has run. */
const turn = async (): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  await promise;
};
