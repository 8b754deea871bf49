import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExplainedError } from '../model/errors.ts';
import { isVersionAtLeast } from '../model/text.ts';
import { usersHome } from '../process/private-home.ts';
import { runCommand } from '../process/run.ts';
import { programs } from '../registered/programs.ts';
import type { GoRecipe, Recipe } from '../registered/recipe.ts';
import { goModuleFolder } from './cache-folder.ts';
import { programsOnPath, type Whereabouts } from './locate.ts';

import { pythonVersions } from './recipes.ts';
import { readVersion } from './version-probe.ts';

/** A program that builds: Go for the Go programs, Python for LocalStack. */
export interface Builder {
  readonly name: 'go' | 'python';
  readonly wantedVersion: string;
  /** Suitable program, if there is one. */
  readonly path?: string;
  readonly version?: string;
  /** Reason why there is none. */
  readonly problem?: string;
  readonly fix: string;
}

const PYTHON_NAMES = [...pythonVersions.map((version) => `python${version}`), 'python3', 'python'];
const [OLDEST_PYTHON] = pythonVersions;
const PYTHONS = `${OLDEST_PYTHON} to ${pythonVersions.at(-1)}`;

/**
 * Explains why programs cannot be built: names all missing builders at once.
 * @param readyMade may explain why the programs were not taken from there.
 */
export function lackingBuilders(
  lacking: readonly Builder[],
  wanted: readonly Recipe[],
  readyMade: Whereabouts['readyMade'],
): ExplainedError {
  const refusals = wanted.flatMap(({ name }) => readyMade?.refusals.get(name) ?? []);
  const nameAndVersion = ({ name, wantedVersion }: Builder) => `${name === 'go' ? 'Go' : 'Python'} ${wantedVersion}`;
  return new ExplainedError({
    thing: `the toolchain (${wanted.map(({ name }) => name).join(', ')} must be built)`,
    expected: lacking.map(nameAndVersion).join(' and '),
    observed: [...refusals.map(({ refused }) => refused), ...lacking.map(({ problem }) => problem)].join('; '),
    nextStep: [...refusals.map(({ fix }) => `${fix} Or:`), ...lacking.map(({ fix }) => fix)].join(' '),
  });
}

/** Finds the builders that these recipes need (all recipes: both), side by side. */
export async function findBuilders(wanted: readonly Recipe[], where: Whereabouts): Promise<readonly Builder[]> {
  const goRecipes = wanted.filter((recipe) => recipe.kind === 'go');
  return Promise.all([
    ...(goRecipes.length > 0 ? [findGo(goRecipes, where)] : []),
    ...(wanted.length > goRecipes.length ? [findPython(where)] : []),
  ]);
}

async function findGo(wanted: readonly GoRecipe[], where: Whereabouts): Promise<Builder> {
  const minimum = await minimumGoVersion(wanted);
  const builder = {
    name: 'go',
    wantedVersion: `${minimum} or newer`,
    fix: `Install Go ${minimum} or newer (https://go.dev/doc/install) and put its bin folder on PATH.`,
  } as const;
  const [path] = await programsOnPath('go', where.environment);
  if (path === undefined) return { ...builder, problem: 'no go is on PATH' };
  const version = await readVersion(path, goProbe, where.clock, where.signal).catch(() => undefined);
  where.signal.throwIfAborted();
  if (version === undefined) return { ...builder, problem: `${path} does not say its version` };
  return isVersionAtLeast(version, minimum)
    ? { ...builder, path, version }
    : { ...builder, version, problem: `${path} is Go ${version}` };
}

const goProbe = { kind: 'command', args: ['version'], pattern: /\bgo(\d+\.\d+(?:\.\d+)?)/ } as const;

/** Returns the highest `go` line of the needed go.mod files: new releases in the module proxy raise it. */
async function minimumGoVersion(wanted: readonly GoRecipe[]): Promise<string> {
  const folders = [...new Set(wanted.map(goModuleFolder))];
  const lines = await Promise.all(
    folders.map(async (folder) => goLineOf(await readFile(join(folder, 'go.mod'), 'utf8'))),
  );
  return lines.reduce((highest, version) => (isVersionAtLeast(version, highest) ? version : highest), '0');
}

/** Returns the version on the `go` line of a go.mod file. */
function goLineOf(goMod: string): string {
  const version = /^go (\d+(?:\.\d+)*)$/m.exec(goMod)?.[1];
  if (version === undefined) throw new Error('a go.mod file of the toolchain has no go line');
  return version;
}

const pythonProbe = {
  kind: 'command',
  args: ['-c', 'import sys; print("%d.%d.%d" % sys.version_info[:3])'],
  pattern: /^(\d+\.\d+\.\d+)$/m,
} as const;

/** Path of the program itself, behind links, shims and virtual environments that may disappear. */
const programProbe = {
  kind: 'command',
  args: ['-c', 'import os, sys; print(os.path.realpath(sys._base_executable))'],
  pattern: /^(\/.+)$/m,
} as const;

/** @param only one of the suitable versions, e.g. `3.12`; any of them when left out. */
export async function findPython(where: Whereabouts, only?: string): Promise<Builder> {
  const wantedVersion = only ?? PYTHONS;
  const installed = only ?? OLDEST_PYTHON;
  const accepted = only === undefined ? pythonVersions : [only];
  const builder = {
    name: 'python',
    wantedVersion,
    fix: `Install Python ${wantedVersion} with its venv module (Debian: apt-get install python3-venv; macOS: brew install python@${installed}; elsewhere: pyenv install ${installed}).`,
  } as const;
  const others: string[] = [];
  const candidates = await Promise.all(PYTHON_NAMES.map(async (name) => programsOnPath(name, where.environment)));
  for (const path of candidates.flat()) {
    const version = await readVersion(path, pythonProbe, where.clock, where.signal).catch(() => undefined);
    where.signal.throwIfAborted();
    if (version === undefined) continue;
    if (!accepted.some((wanted) => version.startsWith(`${wanted}.`))) others.push(`${path} is ${version}`);
    else if (await hasVenv(path, where.signal)) {
      return { ...builder, path: await readVersion(path, programProbe, where.clock, where.signal), version };
    } else others.push(`${path} has no venv module`);
  }
  const [first = `no Python ${wantedVersion} is on PATH`] = others;
  return { ...builder, problem: first };
}

/** Returns whether Python has the module that `python -m venv` needs: Debian ships Python without it. */
async function hasVenv(path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await runCommand({ name: 'python', file: path, args: ['-c', 'import ensurepip, venv'], env: usersHome() }, signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Finds all builders for a report on the machine, needed or not. */
export const findAllBuilders = (where: Whereabouts): Promise<readonly Builder[]> => findBuilders(programs, where);
