import { createHash } from 'node:crypto';
import type { Bucket } from '@google-cloud/storage';
import { z } from 'zod';
import { mapOrdered } from '../../asset-kit/bounded.ts';
import type { ContentItem } from '../../asset-kit/content.ts';
import { NotProvableHereError } from '../../model/errors.ts';
import { compareText } from '../../model/text.ts';
import { CONCURRENCY, contentOf, listingOf } from './client.ts';
import { isReserved } from './names.ts';

const listedSchema = z.object({
  name: z.string(),
  generation: z.coerce.string().regex(/^\d+$/),
  size: z.coerce.number().nonnegative(),
  contentType: z.string().optional(),
  cacheControl: z.string().optional(),
  contentEncoding: z.string().optional(),
  contentDisposition: z.string().optional(),
  contentLanguage: z.string().optional(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
export type Listed = z.output<typeof listedSchema>;

const HEADERS = ['contentType', 'cacheControl', 'contentEncoding', 'contentDisposition', 'contentLanguage'] as const;

/** Returns a plain listing, sorted by name. It keeps the names in memory, not the contents. */
export async function liveObjects(bucket: Bucket, signal: AbortSignal, prefix = ''): Promise<readonly Listed[]> {
  return (await listed(bucket, { prefix }, signal)).toSorted((one, other) => compareText(one.name, other.name));
}

/** Returns every generation, including those of deleted objects, sorted by name and then from the oldest to the newest. */
export async function allGenerations(bucket: Bucket, signal: AbortSignal): Promise<readonly Listed[]> {
  return (await listed(bucket, { versions: true }, signal)).toSorted((one, other) =>
    compareText(generationName(one), generationName(other)),
  );
}

async function listed(
  bucket: Bucket,
  query: { readonly prefix?: string; readonly versions?: boolean },
  signal: AbortSignal,
): Promise<readonly Listed[]> {
  const found = await Array.fromAsync(listingOf(bucket, query, signal), (each) => listedSchema.parse(each));
  if (found.some(({ name }) => name === '')) throw withoutName(bucket);
  return found;
}

/** Google refuses such a name, but the server of a drill accepts it. */
const withoutName = (bucket: Bucket): NotProvableHereError =>
  new NotProvableHereError({
    thing: `bucket ${bucket.name}`,
    expected: 'a name for every object, as Google Cloud Storage requires',
    observed: 'at least one object has an empty name, which the server of the drill accepts and Google refuses',
    nextStep: 'Check how the script makes object names, e.g. from a path that ends in "/".',
  });

/** Generations have sixteen digits and will stay below twenty. */
const GENERATION_DIGITS = 20;
const generationName = ({ name, generation }: Listed): string =>
  `${name}#${generation.padStart(GENERATION_DIGITS, '0')}`;

const isNewer = (one: string, other: string): boolean => BigInt(one) > BigInt(other);

/** Lower than every generation. */
export const NO_GENERATION = '0';

/** The highest generation in the bucket; {@link NO_GENERATION} in an empty one. Every later write has a higher one. */
export async function newestGeneration(bucket: Bucket, signal: AbortSignal): Promise<string> {
  const all = await allGenerations(bucket, signal);
  return all.reduce((newest, { generation }) => (isNewer(generation, newest) ? generation : newest), NO_GENERATION);
}

/**
 * Yields everything that a restore must bring back: the generations up to `newest`, live or not, and then the live objects. A restore makes
 * new generations, which count only as live objects.
 */
export async function* itemsOf(
  bucket: Bucket,
  newest: string,
  signal: AbortSignal,
): AsyncGenerator<ContentItem, void, undefined> {
  const ours = (object: Listed) => !isReserved(object.name);
  const kept = (await allGenerations(bucket, signal)).filter((each) => ours(each) && !isNewer(each.generation, newest));
  yield* mapOrdered(streamOf(kept), CONCURRENCY, async (object) =>
    itemOf('generations', generationName(object), object, await sha256Of(bucket, object, signal)),
  );
  const live = (await liveObjects(bucket, signal)).filter(ours);
  yield* mapOrdered(streamOf(live), CONCURRENCY, async (object) =>
    itemOf('objects', object.name, object, await sha256Of(bucket, object, signal)),
  );
}

async function* streamOf<T>(items: readonly T[]): AsyncGenerator<T, void, undefined> {
  yield* items;
}

function itemOf(kind: string, name: string, object: Listed, sha256: string): ContentItem {
  const headers = HEADERS.flatMap((header) =>
    object[header] === undefined ? [] : [[header, object[header]] as const],
  );
  const metadata = Object.entries(object.metadata ?? {}).map(([key, value]) => [`metadata ${key}`, value] as const);
  return {
    kind,
    name,
    sizeBytes: object.size,
    fields: Object.fromEntries([['sha256', sha256], ...headers, ...metadata]),
  };
}

/** Returns the SHA-256 digest of that generation's content, read as a stream. */
async function sha256Of(bucket: Bucket, object: Listed, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await contentOf(bucket, object, signal)) hash.update(chunk);
  return hash.digest('hex');
}
