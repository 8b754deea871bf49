import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import { formatDuration } from '../model/units.ts';
import { givingWay } from '../process/give-way.ts';
import { type Command, type CommandResult, runCommand } from '../process/run.ts';
import type { GoRecipe, Recipe } from '../registered/recipe.ts';
import { abandonAttempt, beginAttempt, ensureEntryFolder, findFinished, finishAttempt } from './cache-entry.ts';
import { type CacheEntry, goBuildFlags, goModuleFolder, goPlatform } from './cache-folder.ts';
import { programOf } from './locate.ts';
import { type HeldLock, takeLock } from './lock.ts';
import { buildVirtualEnvironment, withoutUndefined } from './python-build.ts';
import { readVersion } from './version-probe.ts';

/** One cache entry to fill, and the tools that it will contain. */
export interface Build {
  readonly entry: CacheEntry;
  readonly recipes: readonly Recipe[];
  /** Program that builds: `go`, or the Python for the virtual environment. */
  readonly builderPath: string;
}

export interface BuildOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
  /** Reports the current activity; the caller adds the elapsed time. */
  readonly say: (activity: string) => void;
  /** Uses only processor time that nothing else on this machine needs. */
  readonly givesWay?: boolean | undefined;
}

/** How an entry was finished: by this process, or by another one while this one waited. */
export type BuildOutcome = { readonly builtHere: boolean; readonly durationMs: number };

/**
 * Fills a cache entry, unless another process does so first. A killed build leaves nothing that counts as finished.
 * @throws {ExplainedError} when the build fails, with the last lines of the builder's output.
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
  say(`${isGo(build) ? 'building' : 'installing'} ${entry.label}`);
  const attempt = await beginAttempt(entry);
  try {
    await produce(build, attempt.dir, (command) => runUnder(lock, command, options), options);
    for (const recipe of build.recipes) await checkVersion(recipe, join(attempt.dir, programOf(recipe)), options);
    const durationMs = clock.monotonicMs() - beganMs;
    await finishAttempt(entry, attempt, { builtAt: clock.now().utc, durationMs, sized: isGo(build) });
    return { builtHere: true, durationMs };
  } catch (error) {
    await abandonAttempt(attempt);
    throw error;
  }
}

const isGo = ({ recipes }: Build): boolean => recipes.every(({ kind }) => kind === 'go');

async function produce(
  build: Build,
  dir: string,
  run: (command: Command) => Promise<CommandResult>,
  { environment, say, signal }: BuildOptions,
): Promise<void> {
  if (!isGo(build)) {
    const pythonPath = build.builderPath;
    await buildVirtualEnvironment({ pythonPath, dir, environment, run, say, signal });
    return;
  }
  for (const recipe of build.recipes) {
    if (recipe.kind !== 'go') continue;
    const compile = compileCommand(recipe, build.builderPath, environment);
    if (compile !== undefined) await run(compile);
    await run(goBuildCommand(recipe, build.builderPath, dir, environment));
  }
}

export async function runUnder(
  lock: HeldLock,
  given: Command,
  { clock, signal, givesWay }: Pick<BuildOptions, 'clock' | 'signal' | 'givesWay'>,
): Promise<CommandResult> {
  const command = givesWay === true ? await givingWay(given, { clock, signal }) : given;
  let noted: Promise<unknown> = Promise.resolve();
  const onStarted = (pid: number) => {
    noted = lock.noteWorker(pid).then(
      () => undefined,
      (error: unknown) => error,
    );
  };
  const running = runCommand(
    {
      ...command,
      onStarted: (pid) => {
        command.onStarted?.(pid);
        onStarted(pid);
      },
    },
    signal,
  );
  const [outcome] = await Promise.allSettled([running, noted]);
  const trouble = await noted;
  if (trouble !== undefined && outcome.status === 'fulfilled') throw trouble;
  return await running;
}

export async function checkVersion(
  recipe: Recipe,
  path: string,
  options: Pick<BuildOptions, 'clock' | 'signal'>,
): Promise<void> {
  const version = await readVersion(path, recipe.probe, options.clock, options.signal);
  if (version === recipe.version) return;
  throw new ExplainedError({
    thing: `${recipe.name} as it was built`,
    expected: `version ${recipe.version}`,
    observed: `it says ${version}`,
    nextStep: `Bring the version of ${recipe.name} in the programs.ts of its system and the lock files in harness/toolchain into line.`,
  });
}

/** Returns the build command. `-trimpath` and `CGO_ENABLED=0` give the same bytes on every machine of a platform. */
const goBuildCommand = (recipe: GoRecipe, go: string, dir: string, environment: NodeJS.ProcessEnv): Command =>
  goBuild(recipe, go, environment, ['-o', join(dir, recipe.name), recipe.goPackage]);

/**
 * Returns the command that compiles ahead: without an output, Go keeps the compiled packages in its own cache alone. Undefined for a
 * program with nothing to compile ahead.
 */
function compileCommand(recipe: GoRecipe, go: string, environment: NodeJS.ProcessEnv): Command | undefined {
  const { compiledFirst = [] } = recipe;
  return compiledFirst.length === 0 ? undefined : goBuild(recipe, go, environment, compiledFirst);
}

const goBuild = (
  recipe: GoRecipe,
  go: string,
  environment: NodeJS.ProcessEnv,
  targets: readonly string[],
): Command => ({
  name: `go build ${recipe.name}`,
  file: go,
  args: ['build', ...goBuildFlags(recipe), ...targets],
  cwd: goModuleFolder(recipe),
  env: goEnvironment(environment),
});

/** Returns the user's environment, because it contains proxies and mirrors, without variables that would change the build. */
function goEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  const { goos, goarch } = goPlatform();
  return {
    ...compilerMemory(environment),
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

/** Below this, the largest packages would spend all their time on garbage collection. */
const LEAST_COMPILER_BYTES = 1024 ** 3;

/**
 * Returns the variables for the compiler's memory. Go compiles each package in a short-lived process, one per processor. Where memory
 * suffices, none of them collects garbage: that took a quarter of a build's processor time. The built program stays the same.
 */
function compilerMemory({ GOGC, GOMEMLIMIT }: NodeJS.ProcessEnv): Record<string, string> {
  // Within a container's limits, if any.
  const freeBytes = process.availableMemory();
  const eachBytes = Math.floor(freeBytes / 2 / availableParallelism());
  if (GOGC !== undefined || GOMEMLIMIT !== undefined || eachBytes < LEAST_COMPILER_BYTES) return {};
  return { GOGC: 'off', GOMEMLIMIT: `${eachBytes}B` };
}

/** Keeps only those GOFLAGS that cannot change the program: the number of concurrent jobs, and write access to the module cache. */
const harmlessGoFlags = (goFlags: string): string[] =>
  goFlags.split(/\s+/).filter((flag) => /^-p=\d+$|^-modcacherw(=true)?$/.test(flag));

/** Describes a finished entry, e.g. `nats-server 2.15.2 built in 12 s`. */
export function describeOutcome(build: Build, { builtHere, durationMs }: BuildOutcome): string {
  const { entry } = build;
  const verb = isGo(build) ? 'built' : 'installed';
  const elsewhere = builtHere ? '' : ' by another process';
  return `${entry.label} ${entry.version} ${verb}${elsewhere} in ${formatDuration(durationMs)}`;
}
