import {
  type _Error,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { explainingBucket, statusOf, userBucketClient } from '../../clients/user-bucket.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { LedgerStore } from './store.ts';

/**
 * The key exists (412), or another request for it is under way (409):
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
const TAKEN: readonly unknown[] = [409, 412];

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const MOST_AT_ONCE = 1_000;

/** A ledger in a bucket. */
export function openBucketStore(at: string): LedgerStore {
  const address = parseBucketAddress(at);
  const { bucket, path } = address;
  const prefix = path === '' ? '' : `${path}/`;
  const shown = `s3://${bucket}/${prefix}`;
  const client = userBucketClient(address);
  const inBucket = <T>(signal: AbortSignal, work: () => Promise<T>) =>
    explainingBucket(`ledger ${shown}`, signal, work);
  let isConditional = false;
  const putNew = async (name: string, bytes: Uint8Array, signal: AbortSignal): Promise<boolean> => {
    const put = new PutObjectCommand({
      Bucket: bucket,
      Key: `${prefix}${name}`,
      Body: bytes,
      ContentType: 'application/vnd.in-toto.bundle',
      IfNoneMatch: '*',
    });
    try {
      await client.send(put, { abortSignal: signal });
      return true;
    } catch (error) {
      if (TAKEN.includes(statusOf(error))) return false;
      throw error;
    }
  };
  return {
    at: shown,
    names: (signal, after) => namesIn({ client, bucket, prefix, after, signal, inBucket }),
    read: (name, signal) =>
      inBucket(signal, async () => {
        const get = new GetObjectCommand({ Bucket: bucket, Key: `${prefix}${name}` });
        const { Body } = await client.send(get, { abortSignal: signal });
        return (await Body?.transformToByteArray()) ?? new Uint8Array();
      }),
    create: (name, bytes, signal) =>
      inBucket(signal, async () => {
        if (!(await putNew(name, bytes, signal))) return false;
        // Checked once: a second write of the same bytes must be refused. If it is not, the entry is unchanged.
        if (!isConditional && (await putNew(name, bytes, signal))) throw unconditional(shown);
        isConditional = true;
        return true;
      }),
    remove: (names, signal) =>
      inBucket(signal, async () => {
        for (let from = 0; from < names.length; from += MOST_AT_ONCE) {
          const Objects = names.slice(from, from + MOST_AT_ONCE).map((name) => ({ Key: `${prefix}${name}` }));
          const remove = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
          const { Errors: [refused] = [] } = await client.send(remove, { abortSignal: signal });
          if (refused !== undefined) throw notRemoved(shown, refused);
        }
      }),
    [Symbol.dispose]: () => client.destroy(),
  };
}

const notRemoved = (shown: string, { Code, Key, Message }: _Error): ExplainedError =>
  new ExplainedError({
    thing: `ledger ${shown}`,
    expected: 'to remove old entries',
    observed: `S3 refused for ${Key ?? 'one of them'}: ${Code ?? Message ?? 'no reason'}`,
    nextStep: 'Allow s3:DeleteObject, or set a longer `ledger.keepDays`. The entries are kept.',
  });

/** Returns the error for stores that ignore the condition of a write as an unknown header, and replace the object. */
const unconditional = (shown: string): ExplainedError =>
  new ExplainedError({
    thing: `ledger ${shown}`,
    expected:
      'a store that refuses to replace an object (If-None-Match: *), which keeps two runs from writing the same entry',
    observed: 'it replaced one',
    nextStep: 'Update the store, or keep the ledger in another one or in a folder.',
  });

interface Listing {
  readonly client: S3Client;
  readonly bucket: string;
  readonly prefix: string;
  readonly after: string | undefined;
  readonly signal: AbortSignal;
  readonly inBucket: <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;
}

/** Yields the names of a prefix. S3 lists keys in the order of their bytes, page by page. */
async function* namesIn({ client, bucket, prefix, after, signal, inBucket }: Listing): AsyncGenerator<string> {
  const pages = paginateListObjectsV2(
    { client },
    { Bucket: bucket, Prefix: prefix, ...(after === undefined ? {} : { StartAfter: `${prefix}${after}` }) },
    { abortSignal: signal },
  )[Symbol.asyncIterator]();
  for (;;) {
    const page = await inBucket(signal, () => pages.next());
    if (page.done === true) return;
    for (const { Key = '' } of page.value.Contents ?? []) yield Key.slice(prefix.length);
  }
}

/** A place in a bucket, as the user writes it. */
export interface BucketAddress {
  readonly bucket: string;
  /** Without a slash at either end; empty for the whole bucket. */
  readonly path: string;
  /** Default: the region of the user's AWS settings. */
  readonly region: string | undefined;
  readonly endpoint: string | undefined;
  /** One version of an object. Object lock protects versions. */
  readonly versionId: string | undefined;
}

const PARTS = ['region', 'endpoint', 'versionId'];

/** `s3://bucket/prefix?region=…&endpoint=…`. @throws {ExplainedError} for anything else. */
export function parseBucketAddress(at: string): BucketAddress {
  const wrong = (observed: string) =>
    new ExplainedError({
      thing: `address ${at}`,
      expected: 's3://bucket/prefix, with ?region=… and &endpoint=… if the AWS settings do not set them',
      observed,
      nextStep: 'Correct the address.',
    });
  if (!URL.canParse(at)) throw wrong('it is not a URL');
  const { protocol, hostname, pathname, searchParams, username, hash, port } = new URL(at);
  if (protocol !== 's3:' || hostname === '') throw wrong('it names no bucket');
  if (username !== '' || hash !== '' || port !== '') throw wrong('it holds more than a bucket and a prefix');
  const unknown = [...searchParams.keys()].filter((key) => !PARTS.includes(key));
  if (unknown.length > 0) throw wrong(`it has an unknown part "${unknown[0]}"`);
  const endpoint = searchParams.get('endpoint') ?? undefined;
  if (endpoint !== undefined && !/^https?:$/.test(URL.parse(endpoint)?.protocol ?? ''))
    throw wrong(`its endpoint "${endpoint}" is not an http address`);
  return {
    bucket: hostname,
    path: decodeURIComponent(pathname).replaceAll(/^\/+|\/+$/g, ''),
    region: searchParams.get('region') ?? undefined,
    endpoint,
    versionId: searchParams.get('versionId') ?? undefined,
  };
}
