import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { explainingBucket, statusOf, userBucketClient } from '../../clients/user-bucket.ts';
import { parseBucketAddress } from './bucket-address.ts';
import type { LedgerStore } from './ledger-store.ts';

/** The key exists (412), or another request for it is under way (409): https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
const TAKEN: readonly unknown[] = [409, 412];

/** A ledger in a bucket. */
export function openBucketStore(at: string): LedgerStore {
  const address = parseBucketAddress(at);
  const { bucket, path } = address;
  const prefix = path === '' ? '' : `${path}/`;
  const shown = `s3://${bucket}/${prefix}`;
  const client = userBucketClient(address);
  const inBucket = <T>(signal: AbortSignal, work: () => Promise<T>) =>
    explainingBucket(`ledger ${shown}`, signal, work);
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
      }),
    remove: (name, signal) =>
      inBucket(signal, async () => {
        const remove = new DeleteObjectCommand({ Bucket: bucket, Key: `${prefix}${name}` });
        await client.send(remove, { abortSignal: signal });
      }),
    [Symbol.dispose]: () => client.destroy(),
  };
}

interface Listing {
  readonly client: S3Client;
  readonly bucket: string;
  readonly prefix: string;
  readonly after: string | undefined;
  readonly signal: AbortSignal;
  readonly inBucket: <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;
}

/** S3 lists keys in the order of their bytes, page by page. */
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
