import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ToolName } from '../../model/tools.ts';
import { programs } from '../../registered/programs.ts';
import type { Recipe } from '../../registered/recipe.ts';
import { findFinished } from '../cache-entry.ts';
import { type CacheEntry, cacheEntryOf } from '../cache-folder.ts';
import { inOrder } from '../locate.ts';
import { entryOf } from '../obtain-wheels.ts';
import { recipeOf } from '../recipes.ts';
import { wheelFor, wheelPins } from '../wheels.ts';
import { packPlatform } from './manifest.ts';

/** An entry of the cache, and the recipes of its programs: none for one that is downloaded as it is. */
export interface Packable {
  readonly entry: CacheEntry;
  readonly recipes: readonly Recipe[];
}

/** What may be in a pack: every entry that this version of the package knows how to use. */
export async function allPackable(root: string): Promise<readonly Packable[]> {
  const tools = await packableTools(
    programs.map(({ name }) => name),
    root,
  );
  return [...tools, ...wheelEntries(root).map((entry) => ({ entry, recipes: [] }))];
}

/** The entries of these tools, each once. */
export async function packableTools(names: readonly ToolName[], root: string): Promise<readonly Packable[]> {
  const wanted = await Promise.all(
    inOrder(names).map(async (name) => ({ recipe: recipeOf(name), entry: await cacheEntryOf(recipeOf(name), root) })),
  );
  return [...Map.groupBy(wanted, ({ entry }) => entry.dir).values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ entry: first.entry, recipes: group.map(({ recipe }) => recipe) }];
  });
}

/** Of these entries those that are in the cache, with the folder of each. */
export async function finishedOf(
  packable: readonly Packable[],
): Promise<readonly (Packable & { readonly dir: string })[]> {
  const folders = await Promise.all(packable.map(async ({ entry }) => await findFinished(entry)));
  return packable.flatMap((each, index) => {
    const dir = folders[index];
    return dir === undefined ? [] : [{ ...each, dir }];
  });
}

/**
 * A name for these tools as they are pinned here: for the key of a pipeline's cache, or the name of a pack.
 * @example dr-contracts-toolchain-linux-x64-glibc-0f3a5b7c9d1e2f40
 */
export async function toolchainKey(names: readonly ToolName[]): Promise<string> {
  const entries = await packableTools(names, join('/'));
  const hash = createHash('sha256').update(JSON.stringify(entries.map(({ entry }) => entry.nameAnywhere).sort()));
  return `dr-contracts-toolchain-${packPlatform()}-${hash.digest('hex').slice(0, 16)}`;
}

/** What the demo downloads, and the sandbox, where there is a file for this machine. */
function wheelEntries(root: string): readonly CacheEntry[] {
  return Object.values(wheelPins).flatMap((pins) => {
    const isThere = Object.keys(pins.files).includes(`${process.platform}-${process.arch}`);
    return isThere ? [entryOf(wheelFor(pins), root)] : [];
  });
}
