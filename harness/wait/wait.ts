import type { Clock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';
import { untilAborted } from './until-aborted.ts';

/** What one look at the awaited thing found: the value, or what was seen instead (and the error, if there was one). */
export type Look<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly seen: string; readonly cause?: unknown };

/** A named wait: reads as a phrase, ends by its budget or by the signal, and remembers what it last saw. */
export interface Wait<T> {
  /** Completes "waited for …". */
  readonly for: string;
  readonly budgetMs: number;
  /** Pause between two looks; when left out, 50 ms at first and then a fiftieth of the time waited, at most 250 ms. */
  readonly intervalMs?: number;
  /** A look that throws counts as "not yet"; its error is kept and becomes the cause of a time-out. */
  readonly look: (signal: AbortSignal) => Promise<Look<T>>;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 250;
/** A long wait is found out late by a share of its length that no promise notices, and asks a busy server less often. */
const LATE_BY = 1 / 50;

/** What was waited for is there. */
export const arrived = <T>(value: T): Look<T> => ({ done: true, value });
/** It is not there; `seen` says what is there instead. */
export const notYet = (seen: string, cause?: unknown): Look<never> => ({ done: false, seen, cause });

/** The budget of a wait ended. `lastSeen` says what the last look found. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
  readonly waitedFor: string;
  readonly budgetMs: number;
  readonly lastSeen: string;

  constructor(waitedFor: string, budgetMs: number, lastSeen: string, options?: ErrorOptions) {
    super(`waited ${budgetMs} ms for ${waitedFor}; last seen: ${lastSeen}`, options);
    this.waitedFor = waitedFor;
    this.budgetMs = budgetMs;
    this.lastSeen = lastSeen;
  }
}

/** An error that ends a wait at once, because more looking cannot help (a process that died, a refused credential). */
export class HopelessError extends Error {
  override readonly name = 'HopelessError';
}

/** By its name: a plug-in may have loaded its own copy of the class. */
export const isHopelessError = (thrown: unknown): boolean => thrown instanceof Error && thrown.name === 'HopelessError';

/**
 * Looks until the awaited thing is there.
 * @throws {WaitTimeoutError} at the end of the budget, with what was last seen; the signal's reason on abort;
 *   a {@link HopelessError} as it is.
 */
export async function waitFor<T>(wait: Wait<T>, clock: Clock, signal: AbortSignal): Promise<T> {
  const beganMs = clock.monotonicMs();
  const budget = new AbortController();
  const eitherSignal = AbortSignal.any([signal, budget.signal]);
  const expire = clock.pause(wait.budgetMs, eitherSignal).then(
    () => budget.abort(new Error('the budget ended')),
    () => undefined,
  );
  let last: Look<T> = notYet('nothing yet');
  try {
    for (;;) {
      signal.throwIfAborted();
      last = await lookOnce(wait, eitherSignal, last);
      if (last.done) return last.value;
      signal.throwIfAborted();
      if (budget.signal.aborted || clock.monotonicMs() - beganMs >= wait.budgetMs) {
        throw new WaitTimeoutError(wait.for, wait.budgetMs, last.seen, { cause: last.cause });
      }
      const pauseMs = wait.intervalMs ?? pauseAfter(clock.monotonicMs() - beganMs);
      await pauseUnlessAborted(clock, pauseMs, eitherSignal);
    }
  } finally {
    budget.abort(new Error('the wait ended'));
    await expire;
  }
}

const pauseAfter = (waitedMs: number): number =>
  Math.min(Math.max(waitedMs * LATE_BY, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);

async function lookOnce<T>(wait: Wait<T>, signal: AbortSignal, previous: Look<T>): Promise<Look<T>> {
  try {
    return await untilAborted(wait.look(signal), signal);
  } catch (error) {
    if (isHopelessError(error)) throw error;
    // A look cut short by the budget saw nothing: what the look before it saw says more.
    if (signal.aborted) return previous;
    return notYet(summaryOf(error), error);
  }
}

async function pauseUnlessAborted(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.pause(durationMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
