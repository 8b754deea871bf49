import { createHash, randomBytes } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
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
  name: string,
  abortSignal: AbortSignal,
): Promise<PointObjects> {
  const Key = `${prefix}dr-contracts-rotation/${name}`;
  const Body = randomBytes(SAMPLE_BYTES);
  await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }), { abortSignal });
  return new Map([[Key, createHash('sha256').update(Body).digest('hex')]]);
}

/** Every object below the prefix that is in none of the earlier ones, as an administrator reads it. */
export async function newObjects(
  admin: S3Client,
  { bucket: Bucket, prefix: Prefix }: ObjectPlace,
  earlier: readonly PointObjects[],
  abortSignal: AbortSignal,
): Promise<PointObjects> {
  const keys: string[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client: admin }, { Bucket, Prefix }, { abortSignal })) {
    for (const { Key } of Contents) {
      if (Key === undefined || Key === `${Prefix}${PROBE}` || earlier.some((point) => point.has(Key))) continue;
      keys.push(Key);
    }
  }
  return await readObjects(admin, Bucket, keys, abortSignal);
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

/** The keys whose content differs, or that are missing. */
export const differingKeys = (expected: PointObjects, found: PointObjects): readonly string[] =>
  [...expected].filter(([key, digest]) => found.get(key) !== digest).map(([key]) => key);
