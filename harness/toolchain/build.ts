import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import { formatDuration } from '../model/units.ts';
import { type Command, runCommand } from '../process/run.ts';
import { abandonAttempt, beginAttempt, ensureEntryFolder, findFinished, finishAttempt } from './cache-entry.ts';
import {
  type CacheEntry,
  goBuildFlags,
  goModuleFolder,
  goPlatform,
  lockFolder,
  PYTHON_LOCK_FILES,
} from './cache-folder.ts';
import { programOf } from './locate.ts';
import { type HeldLock, takeLock } from './lock.ts';
import type { GoRecipe, Recipe } from './recipes.ts';
import { readVersion } from './version-probe.ts';

/** One cache entry to fill, and the tools that it will hold. */
export interface Build {
  readonly entry: CacheEntry;
  readonly recipes: readonly Recipe[];
  /** The program that builds: `go`, or the Python for the virtual environment. */
  readonly builderPath: string;
}

export interface BuildOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
  /** Says what goes on; the time it takes is the caller's to add. */
  readonly say: (activity: string) => void;
}

/** How an entry came to be finished: by this process, or by another one while this one waited. */
export type BuildOutcome = { readonly builtHere: boolean; readonly durationMs: number };

/**
 * Fills a cache entry, unless another process does so first. A killed build leaves nothing that counts as finished.
 * @throws {ExplainedError} when the build fails, with the last lines that the builder wrote.
 */
export async function fillEntry(build: Build, options: BuildOptions): Promise<BuildOutcome> {
  const { entry } = build;
  const { clock, signal, say } = options;
  const beganMs = clock.monotonicMs();
  await ensureEntryFolder(entry);
  await using lock = await takeLock(join(entry.dir, 'lock'), {
    clock,
    signal,
    onWaiting: (ownerPid) => say(`waiting: another process is building ${entry.label} (pid ${ownerPid})`),
  });
  if ((await findFinished(entry)) !== undefined) return { builtHere: false, durationMs: clock.monotonicMs() - beganMs };
  const isGo = build.recipes.every((recipe) => recipe.kind === 'go');
  say(`${isGo ? 'building' : 'installing'} ${entry.label}`);
  const attempt = await beginAttempt(entry);
  try {
    for (const command of commandsOf(build, attempt.dir, options.environment)) await runUnder(lock, command, signal);
    for (const recipe of build.recipes) await checkVersion(recipe, join(attempt.dir, programOf(recipe)), options);
    const durationMs = clock.monotonicMs() - beganMs;
    await finishAttempt(entry, attempt, { builtAt: clock.now().utc, durationMs, sized: isGo });
    return { builtHere: true, durationMs };
  } catch (error) {
    await abandonAttempt(attempt);
    throw error;
  }
}

async function runUnder(lock: HeldLock, command: Command, signal: AbortSignal): Promise<void> {
  let noted: Promise<unknown> = Promise.resolve();
  const onStarted = (pid: number) => {
    noted = lock.noteWorker(pid).then(
      () => undefined,
      (error: unknown) => error,
    );
  };
  try {
    await runCommand({ ...command, onStarted }, signal);
  } finally {
    await noted;
  }
  const trouble = await noted;
  if (trouble !== undefined) throw trouble;
}

async function checkVersion(recipe: Recipe, path: string, options: BuildOptions): Promise<void> {
  const version = await readVersion(path, recipe.probe, options.clock, options.signal);
  if (version === recipe.version) return;
  throw new ExplainedError({
    thing: `${recipe.name} as it was built`,
    expected: `version ${recipe.version}`,
    observed: `it says ${version}`,
    nextStep: 'Bring harness/toolchain/versions.ts and the lock files beside it into line.',
  });
}

function commandsOf(build: Build, dir: string, environment: NodeJS.ProcessEnv): readonly Command[] {
  const goRecipes = build.recipes.filter((recipe) => recipe.kind === 'go');
  return goRecipes.length > 0
    ? goRecipes.map((recipe) => goBuildCommand(recipe, build.builderPath, dir, environment))
    : venvCommands(build, dir, environment);
}

/** `-trimpath` and `CGO_ENABLED=0` give the same bytes on every machine of a platform. */
function goBuildCommand(recipe: GoRecipe, go: string, dir: string, environment: NodeJS.ProcessEnv): Command {
  return {
    name: `go build ${recipe.name}`,
    file: go,
    args: ['build', ...goBuildFlags(recipe), '-o', join(dir, recipe.name), recipe.goPackage],
    cwd: goModuleFolder(recipe),
    env: goEnvironment(environment),
  };
}

/** The user's environment, because proxies and mirrors are set there, less what would change what is built. */
export function goEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const { goos, goarch } = goPlatform();
  return {
    ...withoutUndefined(environment, ['GOFLAGS', 'GOEXPERIMENT', 'GOAMD64', 'GOARM64']),
    GOOS: goos,
    GOARCH: goarch,
    CGO_ENABLED: '0',
    GOTOOLCHAIN: 'local',
    // A go.work above the project would replace the pinned modules.
    GOWORK: 'off',
    GOFLAGS: ['-buildvcs=false', ...harmlessGoFlags(environment['GOFLAGS'] ?? '')].join(' '),
  };
}

/** Of GOFLAGS only what cannot change the program: how many jobs at once, and who may write the module cache. */
const harmlessGoFlags = (goFlags: string): string[] =>
  goFlags.split(/\s+/).filter((flag) => /^-p=\d+$|^-modcacherw(=true)?$/.test(flag));

function venvCommands(build: Build, dir: string, environment: NodeJS.ProcessEnv): readonly Command[] {
  const env = pipEnvironment(environment);
  const python = join(dir, 'bin', 'python');
  const install = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
  // Three packages are published as source only: they are built with the pinned setuptools, not with one that pip fetches unseen.
  const locked = ['--no-build-isolation', '--use-pep517', '--require-hashes', '--no-deps'];
  return [
    { name: 'python -m venv', file: build.builderPath, args: ['-m', 'venv', dir], env },
    ...PYTHON_LOCK_FILES.map((file) => ({
      name: `pip install of LocalStack (${file})`,
      file: python,
      args: [...install, ...locked, '-r', join(lockFolder, 'python', file)],
      env,
    })),
  ];
}

/** The user's environment with its index and proxy settings, less what would send packages elsewhere. */
function pipEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  return withoutUndefined(environment, [
    'PYTHONHOME',
    'PYTHONPATH',
    'PIP_TARGET',
    'PIP_PREFIX',
    'PIP_ROOT',
    'PIP_USER',
    'PIP_REQUIREMENT',
    'VIRTUAL_ENV',
  ]);
}

function withoutUndefined(environment: NodeJS.ProcessEnv, left: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || left.includes(name) ? [] : [[name, value] as const],
    ),
  );
}

/** How a finished entry is reported, e.g. `nats-server 2.15.2 built in 12 s`. */
export function describeOutcome({ entry, recipes }: Build, { builtHere, durationMs }: BuildOutcome): string {
  const verb = recipes.every(({ kind }) => kind === 'go') ? 'built' : 'installed';
  const elsewhere = builtHere ? '' : ' by another process';
  return `${entry.label} ${entry.version} ${verb}${elsewhere} in ${formatDuration(durationMs)}`;
}
