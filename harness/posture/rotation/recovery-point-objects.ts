import { createHash, randomBytes, randomUUID } from 'node:crypto';
import {
  GetObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { digestOf, streamedBody } from '../../systems/s3/streamed-body.ts';

/** The objects of one recovery point: a digest (SHA-256, hexadecimal) by key. */
export type PointObjects = ReadonlyMap<string, string>;

export interface ObjectPlace {
  readonly bucket: string;
  readonly prefix: string;
}

const SAMPLE_BYTES = 65_536;
/** Below the prefix, the one object that the harness writes again and again during a rotation; it is part of no recovery point. */
export const PROBE = 'dr-contracts-probe';

/** A recovery point of random content, put there by that client, as a backup would. @returns what was put. */
export async function putSamplePoint(
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
 * Every object below the prefix that was written since the last call, as an administrator reads it: by versions, because a backup may
 * write what another one wrote in the same second.
 * @param seen the versions of earlier calls; those of this one are added.
 */
export async function newObjects(
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

/** The same objects as that client reads them now. */
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

/** The same, without those that are not there any more. */
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

/** The keys whose content differs, or that are missing. */
export const differingKeys = (expected: PointObjects, found: PointObjects): readonly string[] =>
  [...expected].filter(([key, digest]) => found.get(key) !== digest).map(([key]) => key);
