import type { Clock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';
import { BudgetEndedError, withinBudget } from './budget.ts';

export interface ScopeOptions {
  /** Names the scope in its errors: `drill orders/stream-deleted`, `local target`. */
  readonly what: string;
  readonly clock: Clock;
  /** Its abort reaches everything that runs in the scope. It never keeps a release from being tried. */
  readonly signal?: AbortSignal;
  /** For a release that names no budget of its own. */
  readonly releaseBudgetMs?: number;
  /** How long closing waits for work that was given up and still runs. */
  readonly settleBudgetMs?: number;
  /** Told when something that finished after the scope had closed could not be disposed. */
  readonly onLateFailure?: (message: string) => void;
}

/** What became of one thing that a scope held. */
export interface ReleaseOutcome {
  readonly what: string;
  readonly outcome: 'done' | 'failed';
  readonly message?: string;
}

/** Something was started in a scope, or handed to it, after it had closed. */
export class ScopeClosedError extends Error {
  override readonly name = 'ScopeClosedError';
}

type Release = (signal: AbortSignal) => PromiseLike<unknown>;

interface Held {
  readonly what: string;
  readonly budgetMs: number;
  readonly release: Release;
  /** Undefined for a resource that is there. */
  readonly isPending?: () => boolean;
  /** Given-up work is only worth a line when it still runs. */
  readonly onlyIfItFails: boolean;
  resource?: AsyncDisposable;
  dropped: boolean;
}

const RELEASE_BUDGET_MS = 60_000;
const SETTLE_BUDGET_MS = 10_000;
const NEVER = new AbortController().signal;

/**
 * Owns everything that one undertaking starts: budgets, cancellation and resources. A release is registered before the thing
 * that it undoes is set up. Closing releases in reverse order, each within its own budget, tries all of them, and waits for
 * what is still being opened, so that a late arrival is disposed too.
 */
export class Scope implements AsyncDisposable {
  readonly #options: ScopeOptions;
  readonly #abort = new AbortController();
  readonly #failures: Error[] = [];
  #held: Held[] = [];
  #closing: Promise<readonly ReleaseOutcome[]> | undefined;
  /** Aborts with the outer signal, and when the scope closes over work that still runs. */
  readonly signal: AbortSignal;

  constructor(options: ScopeOptions) {
    this.#options = options;
    this.signal =
      options.signal === undefined ? this.#abort.signal : AbortSignal.any([options.signal, this.#abort.signal]);
  }

  /**
   * Registers a release; call it before the set-up.
   * @throws {ScopeClosedError} when the scope has closed: there is nothing to set up any more.
   */
  defer(what: string, release: Release, budgetMs?: number): void {
    this.#refuseWhenClosed(what);
    this.#hold(what, release, budgetMs);
  }

  /**
   * Takes over a resource that is there.
   * @throws {ScopeClosedError} when the scope has closed; the resource is then disposed at once.
   */
  own<Resource extends AsyncDisposable>(what: string, resource: Resource, budgetMs?: number): Resource {
    // A direct call, not a stack of disposables: V8 finds no disposer on a Proxy.
    const release = async () => await resource[Symbol.asyncDispose]();
    if (this.#closing !== undefined) {
      release().catch((error: unknown) => this.#tellLate(what, error));
      this.#refuseWhenClosed(what);
    }
    this.#hold(what, release, budgetMs, { resource });
    return resource;
  }

  /**
   * Opens a resource and owns it. If the caller has gone on, or the scope has closed, by the time it is open, it is disposed.
   * @throws {ScopeClosedError} when the scope has closed before; whatever `start` throws.
   */
  async open<Resource extends AsyncDisposable>(
    what: string,
    start: (signal: AbortSignal) => Promise<Resource>,
    budgetMs?: number,
  ): Promise<Resource> {
    this.#refuseWhenClosed(what);
    const { promise: opened, resolve } = Promise.withResolvers<Resource | undefined>();
    let isPending = true;
    const release = async () => {
      const resource = await opened;
      try {
        await resource?.[Symbol.asyncDispose]();
      } catch (error) {
        if (held.dropped) this.#tellLate(what, error);
        throw error;
      }
    };
    const held = this.#hold(what, release, budgetMs, { isPending: () => isPending });
    try {
      const resource = await start(this.signal);
      held.resource = resource;
      resolve(resource);
      return resource;
    } catch (error) {
      // What failed to open has nothing to dispose.
      held.dropped = true;
      resolve(undefined);
      throw error;
    } finally {
      isPending = false;
    }
  }

  /**
   * Runs work under a budget and the scope's signal. Work that outlives its budget is given up: the caller goes on, and closing
   * waits for it before it releases what the work uses.
   * @throws {BudgetEndedError} when the budget ends; the signal's reason on an abort; what the work throws.
   */
  async run<T>(what: string, budgetMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#refuseWhenClosed(what);
    const { clock, settleBudgetMs = SETTLE_BUDGET_MS } = this.#options;
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    let isRunning = false;
    const held = this.#hold(what, () => settled, settleBudgetMs, { isPending: () => isRunning, onlyIfItFails: true });
    const watched = async (signal: AbortSignal) => {
      isRunning = true;
      try {
        return await work(signal);
      } finally {
        isRunning = false;
        held.dropped = true;
        resolve();
      }
    };
    try {
      return await withinBudget(what, budgetMs, { clock, signal: this.signal }, watched);
    } finally {
      if (!isRunning) held.dropped = true;
    }
  }

  /** Lets go of a resource without disposing it: it was destroyed, or somebody else owns it now. */
  forget(resource: AsyncDisposable): void {
    for (const held of this.#held) if (held.resource === resource) held.dropped = true;
  }

  /** Gives everything to a new scope, which no signal ends: for a set-up that succeeded. This one closes empty. */
  handOver(): Scope {
    const { what, clock, releaseBudgetMs = RELEASE_BUDGET_MS } = this.#options;
    this.#refuseWhenClosed(what);
    const next = new Scope({ what, clock, releaseBudgetMs });
    next.#held = this.#held;
    this.#held = [];
    return next;
  }

  /** Idempotent; releases everything and says what became of it, newest first. Never throws. */
  close(): Promise<readonly ReleaseOutcome[]> {
    this.#closing ??= this.#releaseAll();
    return this.#closing;
  }

  /** @throws the first error of a release; when more than one failed, an AggregateError whose first error is that one. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    const [first] = this.#failures;
    if (this.#failures.length > 1) throw new AggregateError(this.#failures, summaryOf(first));
    if (first !== undefined) throw first;
  }

  /** Closes after an error. @returns the error to throw: that one, with whatever failed while closing attached behind it. */
  async closeAfter(error: unknown): Promise<unknown> {
    await this.close();
    if (this.#failures.length === 0) return error;
    return new AggregateError([error, ...this.#failures], summaryOf(error), { cause: error });
  }

  #hold(what: string, release: Release, budgetMs: number | undefined, more: Partial<Held> = {}): Held {
    const { releaseBudgetMs = RELEASE_BUDGET_MS } = this.#options;
    const held: Held = {
      what,
      budgetMs: budgetMs ?? releaseBudgetMs,
      release,
      onlyIfItFails: false,
      dropped: false,
      ...more,
    };
    this.#held = this.#held.filter(({ dropped }) => !dropped);
    this.#held.push(held);
    return held;
  }

  #refuseWhenClosed(what: string): void {
    if (this.#closing !== undefined) throw new ScopeClosedError(`${this.#options.what} is over; too late for ${what}`);
  }

  async #releaseAll(): Promise<readonly ReleaseOutcome[]> {
    if (this.#held.some(({ dropped, isPending }) => !dropped && isPending?.() === true)) {
      this.#abort.abort(new ScopeClosedError(`${this.#options.what} is over`));
    }
    const outcomes: ReleaseOutcome[] = [];
    for (let held = this.#held.pop(); held !== undefined; held = this.#held.pop()) {
      if (held.dropped) continue;
      const outcome = await this.#release(held);
      if (outcome.outcome === 'failed' || !held.onlyIfItFails) outcomes.push(outcome);
    }
    return outcomes;
  }

  async #release(held: Held): Promise<ReleaseOutcome> {
    const { what, budgetMs, release, isPending } = held;
    try {
      const { clock } = this.#options;
      await withinBudget(`clean-up of ${what}`, budgetMs, { clock, signal: NEVER }, async (signal) => release(signal));
      return { what, outcome: 'done' };
    } catch (error) {
      held.dropped = true;
      const stillRuns = error instanceof BudgetEndedError && isPending?.() === true;
      const message = stillRuns ? `it still ran ${Math.round(budgetMs)} ms after it was given up` : summaryOf(error);
      this.#failures.push(new Error(`clean-up of ${what} failed: ${message}`, { cause: error }));
      return { what, outcome: 'failed', message };
    }
  }

  #tellLate(what: string, error: unknown): void {
    const message = `${what} came after ${this.#options.what} was over, and could not be removed: ${summaryOf(error)}`;
    (this.#options.onLateFailure ?? ((text) => process.emitWarning(text)))(message);
  }
}
