import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { mapOrdered } from '../../asset-kit/bounded.ts';
import type { MarkerLane, ObservedMarker } from '../../model/asset.ts';
import { IndeterminateWriteError, summaryOf } from '../../model/errors.ts';
import { CONCURRENCY, statusOf, wasNeverSent } from './client.ts';
import { MARKER_PREFIX, markerKey, markerSequence } from './keys.ts';
import { type BucketAt, currentObjects } from './listing.ts';

/** Returns a lane with one object per marker. `at.client` must not repeat requests: a marker is written once or not at all. */
export function objectLane(at: BucketAt): MarkerLane {
  return {
    name: `${at.bucket}/${MARKER_PREFIX}`,
    // Each marker is an additional object for the platform to back up and restore.
    intervalMs: 100,
    write: (sequence, body, signal) => writeMarker(at, sequence, body, signal),
    read: (signal) => readMarkers(at, signal),
  };
}

async function writeMarker(at: BucketAt, sequence: number, body: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const put = new PutObjectCommand({
    Bucket: at.bucket,
    Key: markerKey(sequence),
    Body: body,
    ContentType: 'text/plain; charset=utf-8',
  });
  try {
    await at.client.send(put, { abortSignal: signal });
  } catch (error) {
    if (wasRefused(error)) throw error;
    throw new IndeterminateWriteError(`marker ${sequence} may or may not be in ${at.bucket}: ${summaryOf(error)}`, {
      cause: error,
    });
  }
}

/** S3 refuses with a 4xx, or with 503 if it is too busy to begin; a 500 does not show what was stored. */
function wasRefused(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined ? wasNeverSent(error) : (status >= 400 && status < 500) || status === 503;
}

async function* readMarkers(at: BucketAt, signal: AbortSignal): AsyncGenerator<ObservedMarker, void, undefined> {
  const read = async ({ key }: { readonly key: string }): Promise<ObservedMarker> => ({
    sequence: markerSequence(key),
    body: await bodyOf(at.client, at.bucket, key, signal),
  });
  yield* mapOrdered(currentObjects(at, signal, MARKER_PREFIX), CONCURRENCY, read);
}

async function bodyOf(client: S3Client, bucket: string, key: string, signal: AbortSignal): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
  return (await Body?.transformToString()) ?? '';
}
