import type { Clock, Moment } from '../clock.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

const BEGAN_UTC_MS = Date.UTC(2026, 0, 15, 12);
/** Turns of the event loop in which nobody waits for the clock before the work counts as stuck. */
const PATIENCE_TURNS = 100;

/**
 * A clock that moves only when everything else has come to rest, straight to the next moment that somebody waits for. With
 * work in memory a test is exact and takes no time. It knows nothing of real input and output: keep that out of its tests.
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

  /** Wakes who waits for the next moment. @returns false when nobody waits. */
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

  /** Moves time on until nobody waits any more. @throws when somebody waits again and again: it was not stopped. */
  async runDry(mostMoves = 1_000): Promise<void> {
    for (let moves = 0; moves < mostMoves; moves += 1) {
      await turn();
      if (!this.advance()) return;
    }
    throw new Error(`something waits for the manual clock even after ${mostMoves} moves`);
  }

  /** Moves time on by so much, whoever waits. */
  async pass(durationMs: number): Promise<void> {
    await this.drive(this.pause(durationMs, new AbortController().signal));
  }
}

/** Every microtask that is due has run when this resolves. */
const turn = async (): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  await promise;
};
