import { type Bucket, Storage } from '@google-cloud/storage';
import { z } from 'zod';
import { httpRequest, httpStream } from '../../clients/http.ts';
import { untilAborted } from '../../wait/until-aborted.ts';
import type { GcsAddress } from './service.ts';

/** Maximum number of concurrent requests. */
export const CONCURRENCY = 8;

/**
 * Returns a client of that server. It sends no credentials, because the library uses none with a custom endpoint.
 * @param attempts 1 for a client that sends each request once, so that a marker or probe shows what happened.
 */
export function gcsClient({ endpoint, projectId }: GcsAddress, { attempts }: { readonly attempts: number }): Storage {
  const storage = new Storage({
    apiEndpoint: endpoint,
    projectId,
    retryOptions: { autoRetry: attempts > 1, maxRetries: attempts - 1 },
  });
  // The library prefers STORAGE_EMULATOR_HOST of this process, which belongs to the user and not to the drill.
  storage.baseUrl = `${endpoint}/storage/v1`;
  return storage;
}

/** Stops waiting when the signal fires. The library takes no signal, so the request continues and its answer is dropped. */
export const request = async <T>(sent: () => Promise<T>, signal: AbortSignal): Promise<T> => {
  signal.throwIfAborted();
  return await untilAborted(sent(), signal);
};

const pageSchema = z.object({ items: z.array(z.unknown()).default([]), nextPageToken: z.string().optional() });

/**
 * Lists a bucket page by page. It does not use the library, which ends the process if a server lists an object with an empty name.
 * @throws an error with the HTTP status as its `code`.
 */
export async function* listingOf(
  bucket: Bucket,
  {
    prefix = '',
    versions = false,
    most,
  }: { readonly prefix?: string; readonly versions?: boolean; readonly most?: number },
  signal: AbortSignal,
): AsyncGenerator<unknown, void, undefined> {
  let next: string | undefined;
  do {
    const url = new URL(`${bucket.storage.baseUrl}/b/${bucket.name}/o`);
    if (prefix !== '') url.searchParams.set('prefix', prefix);
    if (versions) url.searchParams.set('versions', 'true');
    if (most !== undefined) url.searchParams.set('maxResults', String(most));
    if (next !== undefined) url.searchParams.set('pageToken', next);
    const { status, body } = await httpRequest('GET', url.href, signal);
    if (status !== 200) throw refused(`the listing of ${bucket.name}`, status);
    const page = pageSchema.parse(JSON.parse(body));
    yield* page.items;
    next = most === undefined ? page.nextPageToken : undefined;
  } while (next !== undefined && next !== '');
}

const refused = (what: string, status: number): Error =>
  Object.assign(new Error(`${what} got HTTP ${status}`), { code: status });

/**
 * Reads the stored bytes of an object. It does not use the library, whose download streams cannot be aborted and warn of too many
 * listeners.
 * @param generation by default the live one.
 * @throws an error with the HTTP status as its `code`.
 */
export async function contentOf(
  bucket: Bucket,
  { name, generation }: { readonly name: string; readonly generation?: string },
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const url = new URL(`${bucket.storage.baseUrl}/b/${bucket.name}/o/${encodeURIComponent(name)}`);
  url.searchParams.set('alt', 'media');
  if (generation !== undefined) url.searchParams.set('generation', generation);
  const { status, body } = await httpStream(url.href, signal);
  if (status === 200) return body;
  body.destroy();
  throw refused(`the read of object "${name}" in ${bucket.name}`, status);
}

/** Reads a small object into memory. */
export const bytesOf = async (bucket: Bucket, name: string, signal: AbortSignal): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(await contentOf(bucket, { name }, signal)));

/** Returns the HTTP status of an error answer; undefined without an answer. */
export function statusOf(error: unknown): number | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? Number(error.code) : Number.NaN;
  return Number.isInteger(code) && code >= 100 ? code : undefined;
}
