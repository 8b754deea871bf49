import { join } from 'node:path';
import { summaryOf } from '../model/errors.ts';
import type { Command, CommandResult } from '../process/run.ts';
import { FIRST_START_FILE, lockFolder, PYTHON_LOCK_FILES, UV_LOCK_FILE } from './cache-folder.ts';

export interface PythonBuild {
  /** Absolute path of a real Python: uv misinterprets pyenv's shims. */
  readonly pythonPath: string;
  /** The virtual environment to create. */
  readonly dir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly run: (command: Command) => Promise<CommandResult>;
  readonly say: (activity: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Creates a virtual environment with LocalStack and the AWS command line, from the lock files alone. uv installs them; pip does where there
 * is no uv for this machine, or uv fails, e.g. because only pip has the settings of the user's index.
 * @throws {ExplainedError} when both fail, or LocalStack does not serve.
 */
export async function buildVirtualEnvironment(build: PythonBuild): Promise<void> {
  const { pythonPath, dir, run, say, signal } = build;
  const env = venvEnvironment(build.environment);
  await run({ name: 'python -m venv', file: pythonPath, args: ['-m', 'venv', dir], env });
  try {
    await installByUv(build, env);
  } catch (error) {
    signal.throwIfAborted();
    say(`installing LocalStack with pip, because uv failed (${summaryOf(error)})`);
    await installByPip(build, PYTHON_LOCK_FILES, env);
  }
  say('starting LocalStack for the first time');
  await startForTheFirstTime(dir, env, run);
}

/**
 * Builds the files that LocalStack keeps in its environment, starts it and uses it once.
 * @throws {ExplainedError} when it does not serve.
 */
export async function startForTheFirstTime(
  dir: string,
  env: Readonly<Record<string, string>>,
  run: PythonBuild['run'],
): Promise<void> {
  const script = join(lockFolder, 'python', FIRST_START_FILE);
  await run({ name: 'first start of LocalStack', file: join(dir, 'bin', 'python'), args: [script], env, cwd: dir });
}

async function installByUv(build: PythonBuild, env: Readonly<Record<string, string>>): Promise<void> {
  const { dir, run } = build;
  await installByPip(build, [UV_LOCK_FILE], env);
  const python = join(dir, 'bin', 'python');
  const config = await run({ name: 'pip config list', file: python, args: ['-m', 'pip', 'config', 'list'], env });
  const index = indexOf(config.stdout);
  const uvEnv = index === undefined ? env : { UV_DEFAULT_INDEX: index, ...env };
  for (const file of PYTHON_LOCK_FILES) {
    const args = ['pip', 'install', '--quiet', '--no-progress', '--python', python, ...LOCKED, '-r', lockFileOf(file)];
    await run({
      name: `uv pip install of LocalStack (${file})`,
      file: join(dir, 'bin', 'uv'),
      args,
      env: uvEnv,
      cwd: dir,
    });
  }
}

async function installByPip(
  { dir, run }: PythonBuild,
  files: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const install = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '--no-compile'];
  for (const file of files) {
    await run({
      name: `pip install of LocalStack (${file})`,
      file: join(dir, 'bin', 'python'),
      args: [...install, '--use-pep517', ...LOCKED, '-r', lockFileOf(file)],
      env,
    });
  }
}

/** Returns the package index from the output of `pip config list`, by pip's own order of precedence: uv does not read pip's settings. */
function indexOf(pipConfig: string): string | undefined {
  const settings = [':env:', 'install', 'global'].map((section) => `${section}.index-url`);
  const values = settings.map((name) => new RegExp(`^${name}='(.*)'$`, 'm').exec(pipConfig)?.[1]);
  return values.find((value) => value !== undefined);
}

/** Three packages are published as source only: they are built with the pinned setuptools, not with an unpinned download. */
const LOCKED = ['--no-build-isolation', '--require-hashes', '--no-deps'] as const;

const lockFileOf = (name: string): string => join(lockFolder, 'python', name);

/** Returns the user's environment with its index and proxy settings, without variables that would move or change the installation. */
export function venvEnvironment(environment: NodeJS.ProcessEnv): Record<string, string> {
  return withoutUndefined(environment, [
    'PYTHONHOME',
    'PYTHONPATH',
    'PYTHONDONTWRITEBYTECODE',
    'PYTHONPYCACHEPREFIX',
    'PIP_TARGET',
    'PIP_PREFIX',
    'PIP_ROOT',
    'PIP_USER',
    'PIP_REQUIREMENT',
    'UV_TARGET',
    'UV_PREFIX',
    'UV_PYTHON',
    'UV_SYSTEM_PYTHON',
    'UV_CONSTRAINT',
    'UV_OVERRIDE',
    'UV_EXCLUDE_NEWER',
    'VIRTUAL_ENV',
  ]);
}

export function withoutUndefined(environment: NodeJS.ProcessEnv, left: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || left.includes(name) ? [] : [[name, value] as const],
    ),
  );
}
