import { delimiter, isAbsolute, join } from 'node:path';
import type { Clock } from '../clock/clock.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { ToolName } from '../model/target.ts';
import type { Recipe } from '../registered/recipe.ts';
import { findFinishedBuild, isExecutableFile } from './cache-entry.ts';
import type { CacheEntry } from './cache-folder.ts';
import { toolNames } from './recipes.ts';
import { readVersion } from './version-probe.ts';

export interface Whereabouts {
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Source of prebuilt programs, which saves a build. */
  readonly readyMade?: ReadyMade | undefined;
}

/** Returns `DR_CONTRACTS_NATS_SERVER` for `nats-server`. */
const environmentVariableOf = (name: ToolName): string => `DR_CONTRACTS_${name.toUpperCase().replaceAll('-', '_')}`;

/**
 * Finds a tool without building it: by its environment variable, in the source of prebuilt programs, in the cache, on PATH. A source that
 * must be fetched first comes last.
 * @throws {ExplainedError} when the variable is set and does not name a program that reports its version.
 */
export async function locateTool(
  recipe: Recipe,
  entry: CacheEntry,
  where: Whereabouts,
): Promise<LocatedTool | undefined> {
  const given = await fromEnvironment(recipe, where);
  if (given !== undefined) return given;
  const { readyMade } = where;
  const seen = await readyMade?.look(recipe);
  const mustFetch = seen !== undefined && isPromised(seen) && seen.fetch !== undefined;
  const isThere = seen !== undefined && !isRefusal(seen) && !mustFetch;
  return (
    (isThere ? await taken(recipe, readyMade) : undefined) ??
    (await fromCache(recipe, entry, 'cache')) ??
    (await fromPath(recipe, where)) ??
    (mustFetch ? await taken(recipe, readyMade) : undefined)
  );
}

async function taken(recipe: Recipe, readyMade: ReadyMade | undefined): Promise<LocatedTool | undefined> {
  const tool = await readyMade?.take(recipe);
  return tool !== undefined && isLocated(tool) ? tool : undefined;
}

/** Finds the same without taking or fetching anything. */
export async function lookForTool(
  recipe: Recipe,
  entry: CacheEntry,
  where: Whereabouts,
): Promise<LocatedTool | Promised | Refusal | undefined> {
  const given = await fromEnvironment(recipe, where);
  if (given !== undefined) return given;
  const seen = await where.readyMade?.look(recipe);
  if (seen !== undefined && (isLocated(seen) || (isPromised(seen) && seen.fetch === undefined))) return seen;
  return (await fromCache(recipe, entry, 'cache')) ?? (await fromPath(recipe, where)) ?? seen;
}

async function fromEnvironment(recipe: Recipe, where: Whereabouts): Promise<LocatedTool | undefined> {
  const variable = environmentVariableOf(recipe.name);
  const path = where.environment[variable];
  if (path === undefined || path === '') return undefined;
  if (!isAbsolute(path)) throw refused(recipe, variable, `it is "${path}", which is not an absolute path`);
  if (!(await isExecutableFile(path))) throw refused(recipe, variable, `"${path}" is not an executable file`);
  try {
    const version = await readVersion(path, recipe.probe, where.clock, where.signal);
    return { name: recipe.name, version, source: 'environment', path };
  } catch (error) {
    where.signal.throwIfAborted();
    throw refused(recipe, variable, `"${path}" does not say its version: ${summaryOf(error)}`, error);
  }
}

function refused(recipe: Recipe, variable: string, observed: string, cause?: unknown): ExplainedError {
  return new ExplainedError(
    {
      thing: `environment variable ${variable}`,
      expected: `the absolute path of ${recipe.name} (${recipe.version} is what the drills are tested with)`,
      observed,
      nextStep: `Correct ${variable}, or unset it so that ${recipe.name} is looked for elsewhere.`,
    },
    { cause },
  );
}

/** Returns the tool in a finished cache entry; `source` says whether it was found there or has just been put there. */
export async function fromCache(
  recipe: Recipe,
  entry: CacheEntry,
  source: 'cache' | 'built',
): Promise<LocatedTool | undefined> {
  const found = await findFinishedBuild(entry);
  if (found === undefined) return undefined;
  return {
    name: recipe.name,
    version: recipe.version,
    source: found.pack === undefined ? source : `pack ${found.pack}`,
    path: join(found.dir, programOf(recipe)),
  };
}

export const programOf = (recipe: Recipe): string => (recipe.kind === 'go' ? recipe.name : recipe.program);

/** Skips a program of another version, or one that cannot report its version, without a message. */
async function fromPath(recipe: Recipe, where: Whereabouts): Promise<LocatedTool | undefined> {
  if (recipe.takenFromPath === false) return undefined;
  for (const path of await programsOnPath(recipe.name, where.environment)) {
    const version = await readVersion(path, recipe.probe, where.clock, where.signal).catch(() => undefined);
    where.signal.throwIfAborted();
    if (version !== undefined && isWanted(version, recipe)) return { name: recipe.name, version, source: 'path', path };
  }
  return undefined;
}

const isWanted = (version: string, recipe: Recipe): boolean =>
  version === recipe.version || (recipe.kind === 'go' && version === recipe.wholeVersion);

/** Returns every executable file of that name in the folders of PATH, in their order. */
export async function programsOnPath(name: string, environment: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter(isAbsolute);
  const paths = [...new Set(folders)].map((folder) => join(folder, name));
  const usable = await Promise.all(paths.map(isExecutableFile));
  return paths.filter((_, index) => usable[index]);
}

/** Returns the names in build order, without duplicates. */
export const inOrder = (names: readonly ToolName[]): readonly ToolName[] =>
  toolNames.filter((name) => names.includes(name));

/**
 * `image …` names the image from which the program was copied, and its digest. A program from a pack lies in the cache, but was built on
 * another machine: its source is the pack's digest.
 */
export type ToolSource = 'environment' | 'cache' | 'path' | 'built' | `image ${string}` | `pack ${string}`;

export interface LocatedTool {
  readonly name: ToolName;
  readonly version: string;
  readonly source: ToolSource;
  readonly path: string;
  /** Its entry in the cache, where that differs from the entry of builds. */
  readonly entryDir?: string;
}

/** A source of programs that need no build, e.g. the images of the docker target. */
export interface ReadyMade {
  /**
   * Predicts the result of `take`, as far as possible without fetching, starting or copying anything.
   * @returns undefined where this source has no such program.
   */
  look(recipe: Recipe): Promise<LocatedTool | Promised | Refusal | undefined>;
  /** Returns the program, after copying it into the tool cache where necessary. */
  take(recipe: Recipe): Promise<LocatedTool | Refusal | undefined>;
  /** Reasons why requested programs were not taken from here. */
  readonly refusals: ReadonlyMap<ToolName, Refusal>;
}

/** Reason why a program is not taken from a source. */
export interface Refusal {
  readonly refused: string;
  /** The fix for the user. */
  readonly fix: string;
}

/** A program that will be taken from there when it is needed. */
export interface Promised {
  /** Name for a reader, e.g. the image with its digest. */
  readonly from: string;
  /** Set where that source has to be fetched first, which may fail. */
  readonly fetch?: string;
}

type Found = LocatedTool | Refusal | Promised;
export const isRefusal = (found: Found): found is Refusal => 'refused' in found;
export const isPromised = (found: Found): found is Promised => 'from' in found;
const isLocated = (found: Found): found is LocatedTool => 'path' in found;
