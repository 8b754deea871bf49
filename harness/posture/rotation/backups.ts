import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { summaryOf } from '../../model/errors.ts';
import type { KeyPair } from '../../systems/iam/enforced/store-users.ts';
import { digestOf, streamedBody } from '../../systems/s3/streamed-body.ts';
import { isSameKey, type KeptKey } from './kept-key.ts';
import { backUpByScript } from './key-carriers.ts';
import type { Means } from './rehearsal.ts';
import { answered, NoAnswerError, repliedTo } from './replies.ts';

/**
 * Makes one backup with that key.
 * @throws {NoAnswerError} if it fails while the service does not answer; another error if it fails, or leaves nothing below the prefix.
 */
export async function backUp(means: Means, key: KeyPair): Promise<PointObjects> {
  const { rehearsal, store, admin, as, context, seen } = means;
  const { backup, bucket, prefix } = rehearsal;
  const { signal } = context.step;
  if (backup === undefined) {
    return await answered(() => putSamplePoint(as(key), { bucket, prefix }, signal), context.step);
  }
  try {
    await backUpByScript({ ...backup, store, key, bucket, prefix }, context);
  } catch (error) {
    signal.throwIfAborted();
    const list = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 });
    const reply = await repliedTo(() => as(key).send(list, { abortSignal: signal }), context.step);
    if (reply.kind === 'none') throw new NoAnswerError(`${summaryOf(error)}; the service: ${reply.said}`);
    throw error;
  }
  const made = await answered(() => newObjects(admin, { bucket, prefix }, seen, signal), context.step);
  if (made.size === 0) throw new Error(`${backup.script} exits 0, and nothing new lies below ${bucket}/${prefix}`);
  return made;
}

/** A platform may keep only the last few backups, and the one from before the rotation has to be among them. */
const MOST_BACKUPS = 2;

export interface BackupsDuring {
  readonly made: number;
  /** Number of backups whose key stopped working while they ran, and which were repeated with the key kept by then. */
  readonly madeAgain: number;
  readonly seen?: string;
  readonly unanswered?: string;
}

/**
 * Makes two backups in sequence, the first one begun before the rotation; only one if the rotation has ended by then. Each uses the key
 * that is kept at its start. A failed one is repeated once if the kept key has changed, as a restarted job would be. Where a pause is
 * allowed, the repetition waits for the end of the rotation.
 */
export async function backUpDuring(means: Means, kept: KeptKey, rotation: Promise<unknown>): Promise<BackupsDuring> {
  const { signal } = means.context.step;
  let made = 0;
  let madeAgain = 0;
  let isOver = false;
  const ended = rotation.then(
    () => undefined,
    () => undefined,
  );
  void ended.then(() => {
    isOver = true;
  });
  const make = async (key: KeyPair) => {
    await backUp(means, key);
    made += 1;
  };
  try {
    do {
      const key = await kept.read();
      try {
        await make(key);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof NoAnswerError) throw error;
        if (means.rehearsal.pauseMs > 0) await ended;
        const now = await kept.read();
        if (isSameKey(now, key)) throw error;
        madeAgain += 1;
        await make(now);
      }
    } while (!isOver && made < MOST_BACKUPS);
    return { made, madeAgain };
  } catch (error) {
    signal.throwIfAborted();
    // The rotation continues, and has a step of its own.
    await ended;
    const why = summaryOf(error);
    return { made, madeAgain, ...(error instanceof NoAnswerError ? { unanswered: why } : { seen: why }) };
  }
}

/** Objects of one recovery point: SHA-256 digests (hexadecimal) by key. */
export type PointObjects = ReadonlyMap<string, string>;

interface ObjectPlace {
  readonly bucket: string;
  readonly prefix: string;
}

const SAMPLE_BYTES = 65_536;
/** Object below the prefix that the harness overwrites repeatedly during a rotation; it belongs to no recovery point. */
export const PROBE = 'dr-contracts-probe';

/** Uploads a recovery point of random content with that client, as a backup would. @returns the uploaded objects. */
async function putSamplePoint(
  client: S3Client,
  { bucket, prefix }: ObjectPlace,
  abortSignal: AbortSignal,
): Promise<PointObjects> {
  const Key = `${prefix}dr-contracts-rotation/${randomUUID()}`;
  const Body = randomBytes(SAMPLE_BYTES);
  await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }), { abortSignal });
  return new Map([[Key, createHash('sha256').update(Body).digest('hex')]]);
}

/**
 * Returns every object below the prefix that was written since the last call, read by an administrator. It compares versions, because two
 * backups may write the same object within a second.
 * @param seen versions of earlier calls; this call adds its own.
 */
async function newObjects(
  admin: S3Client,
  { bucket: Bucket, prefix: Prefix }: ObjectPlace,
  seen: Set<string>,
  abortSignal: AbortSignal,
): Promise<PointObjects> {
  const found = new Map<string, string>();
  let markers: Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'> | undefined = {};
  while (markers !== undefined) {
    const page: ListObjectVersionsCommandOutput = await admin.send(
      new ListObjectVersionsCommand({ Bucket, Prefix, ...markers }),
      { abortSignal },
    );
    for (const { Key, VersionId = '', ETag = '', IsLatest } of page.Versions ?? []) {
      const version = `${Key} ${VersionId} ${ETag}`;
      if (Key !== undefined && IsLatest === true && Key !== `${Prefix}${PROBE}` && !seen.has(version))
        found.set(Key, version);
    }
    const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page;
    markers = IsTruncated === true ? { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker } : undefined;
  }
  const objects = await readObjects(admin, Bucket, found.keys(), abortSignal);
  for (const version of found.values()) seen.add(version);
  return objects;
}

/** Reads the same objects again with that client. */
export async function readObjects(
  client: S3Client,
  Bucket: string,
  keys: Iterable<string>,
  abortSignal: AbortSignal,
): Promise<PointObjects> {
  const objects = new Map<string, string>();
  for (const Key of keys) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }), { abortSignal });
    objects.set(Key, (await digestOf(streamedBody.parse(Body))).sha256);
  }
  return objects;
}

/** Reads the same objects, without those that no longer exist. */
export async function readThere(
  client: S3Client,
  bucket: string,
  keys: Iterable<string>,
  abortSignal: AbortSignal,
): Promise<PointObjects> {
  const objects = new Map<string, string>();
  for (const key of keys) {
    try {
      for (const [name, digest] of await readObjects(client, bucket, [key], abortSignal)) objects.set(name, digest);
    } catch (error) {
      if (!(error instanceof NoSuchKey)) throw error;
    }
  }
  return objects;
}

/** Returns the keys that are missing or whose content differs. */
export const differingKeys = (expected: PointObjects, found: PointObjects): readonly string[] =>
  [...expected].filter(([key, digest]) => found.get(key) !== digest).map(([key]) => key);
