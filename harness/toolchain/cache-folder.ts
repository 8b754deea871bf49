import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExplainedError } from '../model/errors.ts';
import type { GoRecipe, Recipe } from '../registered/recipe.ts';
import { pythonVersions, recipeOf } from './recipes.ts';

/** Folder of the lock files: the Go modules under `go/`, the Python lock files under `python/`. */
export const lockFolder = fileURLToPath(new URL('.', import.meta.url));

/** Content of LocalStack's virtual environment, in the order of installation. */
export const PYTHON_LOCK_FILES = ['build-requirements.txt', 'requirements.txt'] as const;
/** The installer. */
export const UV_LOCK_FILE = 'uv-requirements.txt';
/** The new environment runs it once everything is installed. */
export const FIRST_START_FILE = 'first_start.py';

/** Raise it when the build changes in a way that neither the lock files nor the flags show. */
const RECIPE_FORM = 1;

export interface GoPlatform {
  readonly goos: string;
  readonly goarch: string;
}

/** @throws {ExplainedError} on a system for which the real parts are not built. */
export function goPlatform(platform: string = process.platform, arch: string = process.arch): GoPlatform {
  const goos = { linux: 'linux', darwin: 'darwin' }[platform];
  const goarch = { x64: 'amd64', arm64: 'arm64' }[arch];
  if (goos === undefined || goarch === undefined) {
    throw new ExplainedError({
      thing: 'this machine',
      expected: 'Linux or macOS on x64 or arm64',
      observed: `it is ${platform} on ${arch}`,
      nextStep: 'Run it on such a machine; on Windows, inside WSL 2.',
    });
  }
  return { goos, goarch };
}

/** One unit of the cache: a Go program, or LocalStack's virtual environment with all its programs. */
export interface CacheEntry {
  readonly label: string;
  readonly version: string;
  readonly dir: string;
  /** Paths of programs in the finished build. */
  readonly programs: readonly string[];
  /** Its name, independent of the cache's place: the same name means the same pins, platform and flags. */
  readonly nameAnywhere: string;
}

/** The linker drops debug information (`-w`). Not generating it saves a fifth of the compilation. */
const WITHOUT_DWARF = '-gcflags=all=-dwarf=false';

/** Arguments of `go build` before the output and the package. */
export function goBuildFlags(recipe: GoRecipe): readonly string[] {
  const stamps = Object.entries(recipe.stamps).map(([variable, value]) => `-X ${variable}=${value}`);
  const tags = recipe.tags === undefined ? [] : ['-tags', recipe.tags.join(',')];
  return ['-trimpath', '-mod=readonly', ...tags, WITHOUT_DWARF, '-ldflags', ['-s', '-w', ...stamps].join(' ')];
}

export const goModuleFolder = (recipe: GoRecipe): string => join(lockFolder, 'go', recipe.goModule);

/** Returns the place of a tool in the cache. Another pin, platform or flag gives another place, so the tool is built anew. */
export async function cacheEntryOf(recipe: Recipe, root: string, locks = lockFolder): Promise<CacheEntry> {
  return recipe.kind === 'go' ? goEntry(recipe, root, locks) : localstackEntry(root, locks);
}

async function goEntry(recipe: GoRecipe, root: string, locks: string): Promise<CacheEntry> {
  const { goos, goarch } = goPlatform();
  const module = join(locks, 'go', recipe.goModule);
  // go.mod, go.sum, and this project's own sources.
  const files = (await readdir(module)).sort();
  const key = await keyOf(
    files.map((file) => join(module, file)),
    [goos, goarch, recipe.goPackage, ...goBuildFlags(recipe)],
  );
  return entry(root, recipe.name, recipe.version, key, [recipe.name]);
}

async function localstackEntry(root: string, locks: string): Promise<CacheEntry> {
  const files = [...PYTHON_LOCK_FILES, UV_LOCK_FILE, FIRST_START_FILE].map((file) => join(locks, 'python', file));
  const facts = [process.platform, process.arch, ...pythonVersions];
  // A virtual environment contains its own absolute path, so a moved cache folder is another place.
  const [key, keyAnywhere] = await Promise.all([keyOf(files, [...facts, root]), keyOf(files, facts)]);
  const made = entry(root, 'localstack', recipeOf('localstack-python').version, key, ['bin/python', 'bin/aws']);
  return { ...made, nameAnywhere: `localstack-${recipeOf('localstack-python').version}-${keyAnywhere}` };
}

function entry(root: string, label: string, version: string, key: string, programs: readonly string[]): CacheEntry {
  const name = `${label}-${version}-${key}`;
  return { label, version, dir: join(root, 'toolchain', name), programs, nameAnywhere: name };
}

async function keyOf(lockFiles: readonly string[], facts: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([RECIPE_FORM, ...facts]));
  for (const file of lockFiles) hash.update('\0').update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}
