import type { Clock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';
import { BudgetEndedError, withinBudget } from './budget.ts';

export interface ScopeOptions {
  /** Name of the scope in its errors: `drill orders/stream-deleted`, `local target`. */
  readonly what: string;
  readonly clock: Clock;
  /** Signal whose abort reaches everything that runs in the scope. Releases are tried even after an abort. */
  readonly signal?: AbortSignal;
  /** Budget of a release that names none of its own. */
  readonly releaseBudgetMs?: number;
  /** Time for which closing waits for abandoned work that still runs. */
  readonly settleBudgetMs?: number;
  /** Called when a resource that became ready after the scope had closed could not be disposed. */
  readonly onLateFailure?: (message: string) => void;
}

/** Result of releasing one thing that a scope held. */
export interface ReleaseOutcome {
  readonly what: string;
  readonly outcome: 'done' | 'failed';
  readonly message?: string;
}

/** Work was started in a scope, or a resource was handed to it, after the scope had closed. */
class ScopeClosedError extends Error {
  override readonly name = 'ScopeClosedError';
}

type Release = (signal: AbortSignal) => PromiseLike<unknown>;

interface Held {
  readonly what: string;
  readonly budgetMs: number;
  readonly release: Release;
  /** Undefined for a resource that is open. */
  readonly isPending?: () => boolean;
  /** True for abandoned work, which is reported only when it still runs. */
  readonly onlyIfItFails: boolean;
  resource?: AsyncDisposable;
  dropped: boolean;
}

const RELEASE_BUDGET_MS = 60_000;
const SETTLE_BUDGET_MS = 10_000;
const NEVER = new AbortController().signal;

/**
 * Owner of everything that one undertaking starts: budgets, cancellation and resources. A caller registers a release before it sets up the
 * thing to release. Closing tries all releases in reverse order, each within its own budget. It also waits for resources that are still
 * opening, and disposes of them.
 */
export class Scope implements AsyncDisposable {
  readonly #options: ScopeOptions;
  readonly #abort = new AbortController();
  readonly #failures: Error[] = [];
  #held: Held[] = [];
  #closing: Promise<readonly ReleaseOutcome[]> | undefined;
  /** Signal that aborts with the outer signal, and when the scope closes while work still runs. */
  readonly signal: AbortSignal;

  constructor(options: ScopeOptions) {
    this.#options = options;
    this.signal =
      options.signal === undefined ? this.#abort.signal : AbortSignal.any([options.signal, this.#abort.signal]);
  }

  /**
   * Registers a release; call it before the set-up.
   * @throws {ScopeClosedError} when the scope has closed, so the caller must not set up anything.
   */
  defer(what: string, release: Release, budgetMs?: number): void {
    this.#refuseWhenClosed(what);
    this.#hold(what, release, budgetMs);
  }

  /**
   * Takes over an open resource.
   * @throws {ScopeClosedError} when the scope has closed; the resource is then disposed at once.
   */
  own<Resource extends AsyncDisposable>(what: string, resource: Resource, budgetMs?: number): Resource {
    // A direct call instead of a stack of disposables, because V8 finds no disposer on a Proxy.
    const release = async () => await resource[Symbol.asyncDispose]();
    if (this.#closing !== undefined) {
      release().catch((error: unknown) => this.#tellLate(what, error));
      this.#refuseWhenClosed(what);
    }
    this.#hold(what, release, budgetMs, { resource });
    return resource;
  }

  /**
   * Opens a resource and owns it. Disposes of it if the caller has gone on, or the scope has closed, before it is open.
   * @throws {ScopeClosedError} when the scope has already closed; otherwise the error of `start`.
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
      // A resource that failed to open needs no disposal.
      held.dropped = true;
      resolve(undefined);
      throw error;
    } finally {
      isPending = false;
    }
  }

  /**
   * Runs work under a budget and the scope's signal. The caller does not wait for work beyond its budget. Closing waits for it before it
   * releases the resources that the work uses.
   * @throws {BudgetEndedError} when the budget ends; the signal's reason on an abort; the error of the work.
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

  /** Drops a resource without disposing of it, because it was destroyed or has another owner now. */
  forget(resource: AsyncDisposable): void {
    for (const held of this.#held) if (held.resource === resource) held.dropped = true;
  }

  /** Moves everything to a new scope that no signal ends, after a successful set-up. This scope closes empty. */
  handOver(): Scope {
    const { what, clock, releaseBudgetMs = RELEASE_BUDGET_MS } = this.#options;
    this.#refuseWhenClosed(what);
    const next = new Scope({ what, clock, releaseBudgetMs });
    next.#held = this.#held;
    this.#held = [];
    return next;
  }

  /** Releases everything and returns the outcomes, newest first. Idempotent. Never throws. */
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

  /** Closes after an error. @returns the error to throw: that one, with the errors of closing attached. */
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
