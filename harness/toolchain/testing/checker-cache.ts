import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../clock/clock.ts';
import { ExplainedError } from '../../model/errors.ts';
import { type Command, type CommandResult, runCommand } from '../../process/run.ts';
import { findAllBuilders } from '../builders.ts';
import { abandonAttempt, beginAttempt, ensureEntryFolder, findFinished, finishAttempt } from '../cache-entry.ts';
import type { CacheEntry } from '../cache-folder.ts';
import { cacheRoot } from '../cache-root.ts';
import { takeLock } from '../lock.ts';
import { withoutUndefined } from '../python-build.ts';

// Third-party tools that tests use as checkers. They are installed once, with pinned digests, into the cache of the toolchain.

export interface CheckerOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
  readonly say: (activity: string) => void;
}

/**
 * Returns the path of Go or Python, as the toolchain finds it.
 * @throws {ExplainedError} when it is missing or too old.
 */
export async function builderPath(
  name: 'go' | 'python',
  { clock, signal, environment }: CheckerOptions,
): Promise<string> {
  const builder = (await findAllBuilders({ clock, signal, environment })).find((each) => each.name === name);
  if (builder?.path !== undefined) return builder.path;
  throw new ExplainedError({
    thing: 'the checkers of the tests',
    expected: `${name === 'go' ? 'Go' : 'Python'} ${builder?.wantedVersion ?? ''}`,
    observed: builder?.problem ?? 'there is none',
    nextStep: builder?.fix ?? '',
  });
}

/** Creates a Python environment in a folder. @returns a function that runs its pip, with a name for messages and arguments. */
export async function makeVenv(
  dir: string,
  options: CheckerOptions,
  run: (command: Command) => Promise<CommandResult>,
): Promise<(name: string, ...args: readonly string[]) => Promise<CommandResult>> {
  const env = withoutUndefined(options.environment, ['PYTHONHOME', 'PYTHONPATH', 'PIP_TARGET', 'VIRTUAL_ENV']);
  const pythonPath = await builderPath('python', options);
  await run({ name: 'python -m venv', file: pythonPath, args: ['-m', 'venv', dir], env });
  return (name, ...args) =>
    run({
      name: `pip ${name}`,
      file: join(dir, 'bin', 'python'),
      args: ['-m', 'pip', '--disable-pip-version-check', '--no-input', name, '--quiet', '--no-deps', ...args],
      env,
    });
}

/** Returns the folder of a finished installation, made by this process or by another one. */
export async function obtainOnce(
  entry: CacheEntry,
  { clock, signal, say }: CheckerOptions,
  make: (dir: string, run: (command: Command) => Promise<CommandResult>) => Promise<void>,
): Promise<string> {
  await ensureEntryFolder(entry);
  await using _lock = await takeLock(join(entry.dir, 'lock'), {
    clock,
    signal,
    onWaiting: (pid) => say(`waiting: another process installs ${entry.label} (pid ${pid})`),
  });
  const finished = await findFinished(entry);
  if (finished !== undefined) return finished;
  say(`installing ${entry.label} into ${entry.dir}; it is kept there`);
  const beganMs = clock.monotonicMs();
  const attempt = await beginAttempt(entry);
  try {
    await make(attempt.dir, (command) => runCommand(command, signal));
    const durationMs = clock.monotonicMs() - beganMs;
    await finishAttempt(entry, attempt, { builtAt: clock.now().utc, durationMs, sized: false });
    return attempt.dir;
  } catch (error) {
    await abandonAttempt(attempt);
    throw error;
  }
}

/** @param key digest of all inputs of the installation. */
export const checkerEntry = (label: string, key: string, programs: readonly string[]): CacheEntry => ({
  label,
  version: key,
  dir: join(cacheRoot(), 'checkers', `${label}-${key}`),
  programs,
  nameAnywhere: `${label}-${key}`,
});

/** Returns a digest of files and facts, short enough for the name of a folder. */
export async function keyOf(files: readonly string[], facts: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(facts));
  for (const file of files) hash.update('\0').update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}
