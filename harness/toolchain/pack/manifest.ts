import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import type { ToolName } from '../../model/target.ts';
import { programs } from '../../registered/programs.ts';
import type { Recipe } from '../../registered/recipe.ts';
import { findFinished } from '../cache-entry.ts';
import { type CacheEntry, cacheEntryOf } from '../cache-folder.ts';
import { inOrder } from '../locate.ts';
import { entryOf } from '../obtain-wheels.ts';
import { recipeOf } from '../recipes.ts';
import { wheelFor, wheelPins } from '../wheels.ts';

// A pack is a gzipped tar file of regular files only. The first is the manifest. The others follow in its order, each named by its entry
// and its path. The manifest determines permissions and times; those in the tar headers are ignored.

export const MANIFEST = 'manifest.json';
/** LocalStack's 25,000 files need 5 MB. */
export const MOST_MANIFEST_BYTES = 2 ** 26;

/** A relative path that stays inside: no empty part, no `.`, no `..`, nothing absolute, no control character. */
const pathSchema = z
  .string()
  .max(1_024)
  .refine(
    (path) =>
      path.split('/').every((part) => part !== '' && part !== '.' && part !== '..') && !/[\\\p{Cc}]/u.test(path),
    'is not a path inside the pack',
  );

const fileSchema = z.strictObject({
  path: pathSchema,
  sizeBytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  executable: z.boolean(),
  /** Python compiles a source again when its time differs from the one at its compilation. */
  mtimeS: z.int().nonnegative(),
});
export type PackedFile = z.infer<typeof fileSchema>;

const entrySchema = z.strictObject({
  /** Identifies pins, platform and flags; the same on every machine. */
  name: z.string().regex(/^[\w.+-]{1,200}$/),
  /** For a virtual environment: the Python version that its packages need, e.g. `3.11`. */
  python: z
    .string()
    .regex(/^3\.\d+$/)
    .optional(),
  files: z.array(fileSchema).min(1),
});
export type PackedEntry = z.infer<typeof entrySchema>;

export const manifestSchema = z.strictObject({
  format: z.literal('dr-contracts-toolchain'),
  formatVersion: z.literal(1),
  platform: z.string(),
  entries: z.array(entrySchema).min(1),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Returns the name of a file in the tar file. */
export const nameInPack = (entry: Pick<PackedEntry, 'name'>, file: Pick<PackedFile, 'path'>): string =>
  `${entry.name}/${file.path}`;

/**
 * Returns the system, the processor and, where there are several, the C library: compiled Python packages work with one of them only.
 * @example linux-x64-glibc
 */
export function packPlatform(): string {
  const machine = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux') return machine;
  const report: { readonly header?: { readonly glibcVersionRuntime?: unknown } } = process.report.getReport();
  return `${machine}-${report.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc'}`;
}

interface Digesting {
  /** A stage of a pipeline that passes its input on. */
  readonly through: (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;
  readonly bytes: () => number;
  /** Returns `sha256:` and the digest; call it once, after all data has passed. */
  readonly digest: () => string;
}

/** Counts and hashes the data that passes through it. */
export function digesting(): Digesting {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    async *through(source) {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    bytes: () => bytes,
    digest: () => `sha256:${hash.digest('hex')}`,
  };
}

/** An entry of the cache, and the recipes of its programs: none for one that is downloaded unchanged. */
export interface Packable {
  readonly entry: CacheEntry;
  readonly recipes: readonly Recipe[];
}

/** Returns the possible content of a pack: every entry that this version of the package can use. */
export async function allPackable(root: string): Promise<readonly Packable[]> {
  const tools = await packableTools(
    programs.map(({ name }) => name),
    root,
  );
  return [...tools, ...wheelEntries(root).map((entry) => ({ entry, recipes: [] }))];
}

/** Returns the entries of these tools, without duplicates. */
export async function packableTools(names: readonly ToolName[], root: string): Promise<readonly Packable[]> {
  const wanted = await Promise.all(
    inOrder(names).map(async (name) => ({ recipe: recipeOf(name), entry: await cacheEntryOf(recipeOf(name), root) })),
  );
  return [...Map.groupBy(wanted, ({ entry }) => entry.dir).values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ entry: first.entry, recipes: group.map(({ recipe }) => recipe) }];
  });
}

/** Returns those of these entries that are in the cache, with the folder of each. */
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
 * Returns a name for these tools with their pins here: for the key of a pipeline's cache, or the name of a pack.
 * @example dr-contracts-toolchain-linux-x64-glibc-0f3a5b7c9d1e2f40
 */
export async function toolchainKey(names: readonly ToolName[]): Promise<string> {
  const entries = await packableTools(names, join('/'));
  const hash = createHash('sha256').update(JSON.stringify(entries.map(({ entry }) => entry.nameAnywhere).sort()));
  return `dr-contracts-toolchain-${packPlatform()}-${hash.digest('hex').slice(0, 16)}`;
}

/** Returns the entries of the demo's downloads and of the sandbox, where there is a file for this machine. */
function wheelEntries(root: string): readonly CacheEntry[] {
  return Object.values(wheelPins).flatMap((pins) => {
    const isThere = Object.keys(pins.files).includes(`${process.platform}-${process.arch}`);
    return isThere ? [entryOf(wheelFor(pins), root)] : [];
  });
}
