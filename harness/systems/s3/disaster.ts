import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { forEachBounded, inBatches } from '../../asset-kit/bounded.ts';
import { mergeByKey } from '../../asset-kit/comparison.ts';
import { type RecordFile, readRecords, writeRecords } from '../../asset-kit/record-file.ts';
import type { AbsenceCheck, AssetProbe } from '../../model/asset.ts';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { counted } from '../../model/text.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { CONCURRENCY, statusOf } from './client.ts';
import { compareKeys, PROBE_PREFIX } from './keys.ts';
import { type BucketAt, type CurrentObject, currentObjects } from './listing.ts';
import { deleteBatch } from './place.ts';
import { putGenerated } from './upload.ts';

const GARBAGE_MIN_BYTES = 64;
const DELETE_BATCH = 1_000;

const listedLine = z.object({ key: z.string(), etag: z.string(), sizeBytes: z.number() });

/**
 * Waits until the bucket's own clock has entered a second without any write, and returns that second. S3 stamps whole seconds: every write
 * acknowledged before has an earlier stamp, no later write has.
 */
export async function freshSecond(at: BucketAt, step: Step): Promise<string> {
  const first = await bucketSecond(at, step.signal);
  return waitFor(
    {
      for: `a second of the bucket's clock after ${first}`,
      budgetMs: 10_000,
      look: async (signal) => {
        const now = await bucketSecond(at, signal);
        return now > first ? arrived(now) : notYet(now);
      },
    },
    step.clock,
    step.signal,
  );
}

async function bucketSecond(at: BucketAt, signal: AbortSignal): Promise<string> {
  const named = { Bucket: at.bucket, Key: `${PROBE_PREFIX}second` };
  await at.client.send(new PutObjectCommand({ ...named, Body: '', ContentLength: 0 }), { abortSignal: signal });
  const { LastModified } = await at.client.send(new HeadObjectCommand(named), { abortSignal: signal });
  return z.date().parse(LastModified).toISOString();
}

/** A plain listing at some moment, one line per object. */
export interface Listing extends RecordFile {
  readonly objects: number;
}

/** Writes a plain listing to a file, so that the proof of destruction can check every object and not a sample. */
export async function writeListing(at: BucketAt, path: string, signal: AbortSignal): Promise<Listing> {
  const { digest, records } = await writeRecords(path, currentObjects(at, signal), signal);
  return { path, digest, objects: records };
}

export function readListing(listing: Listing): AsyncGenerator<CurrentObject, void, undefined> {
  return readRecords(listing, listedLine);
}

/** @param listing content of the bucket just before, from {@link writeListing}. */
export async function deleteCurrentObjects(at: BucketAt, listing: Listing, signal: AbortSignal): Promise<void> {
  for await (const batch of inBatches(readListing(listing), DELETE_BATCH)) {
    await deleteBatch(
      at,
      batch.map(({ key }) => ({ Key: key })),
      signal,
    );
  }
}

/** Writes garbage of the same size, so that only the content differs. */
export async function overwriteCurrentObjects(at: BucketAt, listing: Listing, signal: AbortSignal): Promise<void> {
  await forEachBounded(readListing(listing), CONCURRENCY, ({ key, sizeBytes, etag }) => {
    const garbage = { key, label: `garbage over ${etag}`, sizeBytes: Math.max(GARBAGE_MIN_BYTES, sizeBytes) };
    return putGenerated(at, garbage, {}, signal);
  });
}

const READ_OF_SAMPLE = 'read of an object that was there before';
const listingOf = (bucket: string): string => `listing of all current objects of ${bucket}`;

/** `what` of each read after a disaster that the bucket survives. */
export const bucketReads = (bucket: string): readonly string[] => [listingOf(bucket), READ_OF_SAMPLE];

/** `what` of each read after a disaster that takes the bucket. */
export const lostBucketReads = (bucket: string): readonly string[] => [`look for bucket ${bucket}`, READ_OF_SAMPLE];

/** Checks every key by listing: after a deletion none may be listed, after an overwrite none may have its old ETag. */
export async function checkAbsence(
  at: BucketAt,
  disaster: string,
  listing: Listing,
  signal: AbortSignal,
): Promise<AbsenceCheck[]> {
  let before = 0;
  let listed = 0;
  let unchanged = 0;
  let example = '';
  const now = currentObjects(at, signal);
  for await (const { key, expected, observed } of mergeByKey(readListing(listing), now, compareKeys)) {
    if (key.startsWith(PROBE_PREFIX)) continue;
    if (expected !== undefined) before += 1;
    if (observed === undefined) continue;
    listed += 1;
    const same = expected?.etag === observed.etag;
    if (same) unchanged += 1;
    if (example === '' && (disaster === 'objects-deleted' || same)) example = `, e.g. "${key}"`;
  }
  const what = listingOf(at.bucket);
  if (disaster === 'objects-deleted') {
    return [
      {
        what,
        gone: before > 0 && listed === 0,
        observed: `${listed} of ${counted(before, 'object')} ${listed === 1 ? 'is' : 'are'} listed${example}`,
      },
    ];
  }
  const observed = `${unchanged} of ${counted(before, 'object')} still ${unchanged === 1 ? 'has its' : 'have their'} content (ETag)${example}; ${listed} are listed`;
  return [{ what, gone: before > 0 && unchanged === 0, observed }];
}

/** Only "not found" and wrong content prove that a sample is gone; a failed read proves nothing. */
export async function checkSampleGone(probe: AssetProbe, signal: AbortSignal): Promise<AbsenceCheck> {
  const what = READ_OF_SAMPLE;
  try {
    await probe.read(signal);
    return { what, gone: false, observed: 'it was read, and its content was as seeded' };
  } catch (error) {
    signal.throwIfAborted();
    const gone = statusOf(error) === 404 || error instanceof ExplainedError;
    return { what, gone, observed: summaryOf(error) };
  }
}
