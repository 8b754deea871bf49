import { Readable } from 'node:stream';
import { PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { bodyChunks } from './content.ts';
import type { BucketAt } from './listing.ts';

/** Smallest part that S3 accepts; larger objects are uploaded in parts, generated during the upload. */
const PART_BYTES = 5 * 1024 * 1024;

export type ObjectAttributes = Omit<PutObjectCommandInput, 'Bucket' | 'Key' | 'Body' | 'ContentLength'>;

/** Writes one object whose bytes depend only on `label`. */
export async function putGenerated(
  at: BucketAt,
  object: { readonly key: string; readonly label: string; readonly sizeBytes: number },
  attributes: ObjectAttributes,
  signal: AbortSignal,
): Promise<void> {
  const named = { ...attributes, Bucket: at.bucket, Key: object.key };
  if (object.sizeBytes <= PART_BYTES) {
    const Body = Buffer.concat([...bodyChunks(object.label, object.sizeBytes)]);
    // The SDK treats an empty body without a length as a stream, and warns.
    const put = new PutObjectCommand({ ...named, Body, ContentLength: Body.byteLength });
    await at.client.send(put, { abortSignal: signal });
    return;
  }
  signal.throwIfAborted();
  const Body = Readable.from(bodyChunks(object.label, object.sizeBytes), { objectMode: false });
  const upload = new Upload({ client: at.client, params: { ...named, Body }, partSize: PART_BYTES, queueSize: 2 });
  await finish(upload, signal);
}

/** Waits for a multipart upload; the signal aborts it. */
export async function finish(upload: Upload, signal: AbortSignal): Promise<void> {
  const onAbort = () => void upload.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await upload.done();
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Returns tags in the form of the `x-amz-tagging` header. */
export function tagHeader(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}
