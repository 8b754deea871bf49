import { gunzipSync } from 'node:zlib';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { s3Client } from '../../clients/s3.ts';
import { thawMsOf } from '../../clients/storage-classes.ts';
import type { ObservedRecoveryPoint } from '../../model/posture.ts';
import { statusOf } from './client.ts';
import { type NamedTime, type PointName, pointNameOf } from './point-names.ts';
import type { S3Place } from './service.ts';

/** Layout of recovery points below a prefix: one folder each, or single objects. */
export interface PointLayout {
  readonly bucket: string;
  /** Ends in "/". */
  readonly prefix: string;
  /** Files that make a folder a complete recovery point; empty if the contract names none. */
  readonly holds: readonly string[];
  /** Reads the time in a key after the prefix; by default the known formats. */
  readonly read?: ((key: string) => PointName | undefined) | undefined;
  /** Converts a time without a zone to an instant; undefined if the contract names no zone. */
  readonly instantOf?: ((wallMs: number) => number) | undefined;
}

/** Objects without a time in their names, whose purpose is unknown. */
export interface UnreadNames {
  readonly count: number;
  readonly examples: readonly string[];
  /** Time of the last write among them; null if there are none. */
  readonly newest: string | null;
}

export interface FoundPoints {
  /** Newest first. */
  readonly points: readonly ObservedRecoveryPoint[];
  readonly unread: UnreadNames;
  /** True if a name has no zone, so that UTC was assumed. */
  readonly isZoneAssumed: boolean;
  /** True if a name has a day but no time. */
  readonly isDayOnly: boolean;
}

/** Time in which an incomplete upload may still be running. */
const UPLOAD_MS = 3_600_000;
const EXAMPLES = 3;

/**
 * Lists the recovery points in the bucket by that layout. It makes one listing for all of them: a prefix with a new point every two minutes
 * contains thousands of folders.
 */
export async function listRecoveryPoints(
  place: S3Place,
  layout: PointLayout,
  nowMs: number,
  signal: AbortSignal,
): Promise<FoundPoints> {
  const client = s3Client(place, { maxAttempts: 3 });
  try {
    const { found, unread } = await pointsBelow(client, layout, signal);
    const points = found.map((each) => pointIn(layout, each, nowMs));
    return {
      points: points.toSorted((one, other) => Date.parse(other.captureBegan) - Date.parse(one.captureBegan)),
      unread,
      isZoneAssumed: layout.instantOf === undefined && found.some(({ hasZone }) => !hasZone),
      isDayOnly: found.some(({ fromMs, untilMs }) => fromMs !== untilMs),
    };
  } finally {
    client.destroy();
  }
}

interface Found extends PointName {
  readonly sizes: Map<string, number>;
  firstMs: number;
  durableMs: number;
  /** Class of an object that needs thawing. */
  storageClass?: string;
}

async function pointsBelow(
  client: S3Client,
  layout: PointLayout,
  signal: AbortSignal,
): Promise<{ readonly found: readonly Found[]; readonly unread: UnreadNames }> {
  const { bucket, prefix, holds, read = pointNameOf } = layout;
  const points = new Map<string, Found>();
  const unread = { count: 0, examples: [] as string[], newestMs: Number.NEGATIVE_INFINITY };
  const request = { Bucket: bucket, Prefix: prefix };
  for await (const page of paginateListObjectsV2({ client }, request, { abortSignal: signal })) {
    for (const { Key = '', Size = 0, LastModified, StorageClass = 'STANDARD' } of page.Contents ?? []) {
      const path = Key.slice(prefix.length);
      // Web consoles create such an object for a folder.
      if (Size === 0 && (path === '' || path.endsWith('/'))) continue;
      const modifiedMs = LastModified?.getTime() ?? 0;
      const name = read(path);
      if (name === undefined || (holds.length > 0 && !name.name.endsWith('/'))) {
        unread.count += 1;
        if (unread.examples.length < EXAMPLES) unread.examples.push(path);
        unread.newestMs = Math.max(unread.newestMs, modifiedMs);
        continue;
      }
      // Single objects with the same time in their names belong together: a dump of each stream, a checksum beside it.
      const id = name.name.endsWith('/') ? name.name : `${name.fromMs}-${name.untilMs}`;
      const point: Found = points.get(id) ?? { ...name, sizes: new Map(), firstMs: modifiedMs, durableMs: 0 };
      point.sizes.set(name.name.endsWith('/') ? path.slice(name.name.length) : path, Size);
      if (thawMsOf(StorageClass) !== undefined) point.storageClass = StorageClass;
      point.firstMs = Math.min(point.firstMs, modifiedMs);
      point.durableMs = Math.max(point.durableMs, modifiedMs);
      points.set(id, point);
    }
  }
  const { count, examples, newestMs } = unread;
  const newest = count === 0 ? null : new Date(newestMs).toISOString();
  return { found: [...points.values()], unread: { count, examples, newest } };
}

function pointIn(
  { bucket, prefix, holds, instantOf }: PointLayout,
  { name, sizes, firstMs, durableMs, storageClass, ...time }: Found,
  nowMs: number,
): ObservedRecoveryPoint {
  const missing = holds.filter((file) => (sizes.get(file) ?? 0) === 0);
  const isEmpty = [...sizes.values()].every((size) => size === 0);
  const whole = missing.length === 0 && !isEmpty;
  const captureMs = captureMsOf(time, firstMs, instantOf);
  const unfinished = nowMs - captureMs < UPLOAD_MS ? 'running' : 'failed';
  const lacking =
    missing.length === 0
      ? 'every object of it is empty'
      : `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing or empty`;
  return {
    id: `s3://${bucket}/${prefix}${name}`,
    captureBegan: new Date(captureMs).toISOString(),
    durable: whole ? new Date(durableMs).toISOString() : null,
    outcome: whole ? 'succeeded' : unfinished,
    said: whole ? `${sizes.size} ${sizes.size === 1 ? 'object' : 'objects'}` : lacking,
    ...(storageClass === undefined ? {} : { storageClass, thawMs: thawMsOf(storageClass) ?? 0 }),
  };
}

/** Returns the capture time. For a name with only a day, it is the latest possible time: that of the first object's write. */
function captureMsOf(
  { fromMs, untilMs, hasZone }: NamedTime,
  firstMs: number,
  instantOf: PointLayout['instantOf'],
): number {
  const instant = (wallMs: number) => (hasZone || instantOf === undefined ? wallMs : instantOf(wallMs));
  if (fromMs === untilMs) return instant(fromMs);
  return Math.max(instant(fromMs), Math.min(firstMs, instant(untilMs)));
}

/** Returns the time since which all of those objects are in the bucket; undefined if one is missing. */
export async function durableSince(
  place: S3Place,
  bucket: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const client = s3Client(place, { maxAttempts: 3 });
  try {
    const heads = keys.map((Key) =>
      client.send(new HeadObjectCommand({ Bucket: bucket, Key }), { abortSignal: signal }),
    );
    const times = (await Promise.all(heads)).map(({ LastModified }) => LastModified?.getTime() ?? Number.NaN);
    // Reduced one by one, because there may be more objects than a call takes arguments.
    return new Date(times.reduce((latest, time) => Math.max(latest, time), Number.NEGATIVE_INFINITY)).toISOString();
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}

/** Reads a small document that a tool keeps beside its backup; undefined if it does not exist. */
export async function readGzippedJson(
  place: S3Place,
  bucket: string,
  key: string,
  signal: AbortSignal,
): Promise<unknown> {
  const client = s3Client(place, { maxAttempts: 3 });
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
    if (Body === undefined) return undefined;
    return JSON.parse(gunzipSync(await Body.transformToByteArray()).toString('utf8'));
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Lists the prefix with those credentials. Returns S3's refusal, or undefined if it allows the listing. */
export async function refusalOf(
  place: S3Place,
  at: { readonly bucket: string; readonly prefix: string },
  credentials: Credentials,
  signal: AbortSignal,
): Promise<string | undefined> {
  const client = s3Client(place, { maxAttempts: 1, requestTimeoutMs: 10_000, credentials });
  try {
    const request = new ListObjectsV2Command({ Bucket: at.bucket, Prefix: at.prefix, MaxKeys: 1 });
    await client.send(request, { abortSignal: signal });
    return undefined;
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined || status >= 500 || !(error instanceof Error)) throw error;
    return `${status} ${error.name}`;
  } finally {
    client.destroy();
  }
}
