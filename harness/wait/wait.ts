import { z } from 'zod';
import type { Clock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';
import { untilAborted } from './until-aborted.ts';

/** Result of one look at the awaited thing: the value, or a description of what was seen instead (and the error, if there was one). */
export type Look<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly seen: string; readonly cause?: unknown };

/** A named wait. It ends by its budget or by the signal, and its error reports the last look. */
export interface Wait<T> {
  /** Completes "waited for …". */
  readonly for: string;
  readonly budgetMs: number;
  /** Pause between two looks. When left out: 50 ms at first, then a fiftieth of the time waited, at most 250 ms. */
  readonly intervalMs?: number;
  /** Looks once. A look that throws counts as "not yet"; its error becomes the cause of a time-out. */
  readonly look: (signal: AbortSignal) => Promise<Look<T>>;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 250;
/**
 * Share of the time waited by which the end of a wait may be noticed late. It is too small to matter for a promise, and long waits ask a
 * busy server less often.
 */
const LATE_BY = 1 / 50;

/** Result of a look that found the awaited thing. */
export const arrived = <T>(value: T): Look<T> => ({ done: true, value });
/** Result of a look that did not find it; `seen` says what was there instead. */
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

/** Error that ends a wait at once, because more looks cannot help (a process that died, a refused credential). */
export class HopelessError extends Error {
  override readonly name = 'HopelessError';
}

/** Checks the name, because a plug-in may have loaded its own copy of the class. */
const isHopelessError = (thrown: unknown): boolean => thrown instanceof Error && thrown.name === 'HopelessError';

/**
 * Looks until the awaited thing is there.
 * @throws {WaitTimeoutError} at the end of the budget, with the result of the last look; the signal's reason on abort; a {@link
 * HopelessError} unchanged.
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
    // A look that the budget cut short saw nothing. The look before it says more.
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

/** Error of an AWS client for a refusal by the service. */
const refusedByAws = z.object({ $metadata: z.object({ httpStatusCode: z.literal([401, 403]) }) });
const named = z.object({ name: z.string().default(''), code: z.union([z.string(), z.number()]).optional() });

/**
 * Errors that a client throws for an impossible configuration before it sends anything. A NATS server closes the connection with the last
 * two.
 */
const HOPELESS_NAMES: ReadonlySet<string> = new Set([
  'EndpointError',
  'CredentialsProviderError',
  'AuthorizationError',
  'UserAuthenticationExpiredError',
]);
const HOPELESS_CODES: ReadonlySet<string | number> = new Set(['ENOTFOUND', 'ERR_INVALID_URL', 'ERR_INVALID_ARG_TYPE']);

/** Texts of other programs for such errors: S3 refuses the credentials, or the name of its host is unknown. */
const HOPELESS_TEXT = /\b(InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|InvalidClientTokenId|no such host)\b/;

/** True for an error that no waiting can mend: a wrong configuration, refused credentials, an unknown host. */
function isHopeless(error: unknown): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 8; current = current.cause, depth += 1) {
    if (isHopelessError(current) || refusedByAws.safeParse(current).success) return true;
    const { name, code } = named.safeParse(current).data ?? { name: '' };
    if (HOPELESS_NAMES.has(name) || (code !== undefined && HOPELESS_CODES.has(code))) return true;
  }
  return false;
}

/** True for the text of another program about such an error, such as the message of a Velero storage location. */
export const isHopelessText = (text: string): boolean => HOPELESS_TEXT.test(text);

/**
 * Returns the wait, ended at once by an error that no waiting can mend. Do not use it when such an error can be temporary, as for a DNS
 * record that is still to come.
 */
export const endedByHopelessErrors = <T>(wait: Wait<T>): Wait<T> => ({
  ...wait,
  look: async (signal) => {
    try {
      return await wait.look(signal);
    } catch (error) {
      if (!isHopeless(error) || isHopelessError(error)) throw error;
      throw new HopelessError(
        `gave up waiting for ${wait.for}, because this will not change by waiting: ${summaryOf(error)}`,
        {
          cause: error,
        },
      );
    }
  },
});
