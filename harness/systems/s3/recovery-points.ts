import {
  HeadObjectCommand,
  ListObjectsV2Command,
  NotFound,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { s3Client } from '../../clients/s3.ts';
import type { ObservedRecoveryPoint } from '../../model/posture.ts';
import type { S3Place } from '../../model/target.ts';
import { statusOf } from './client.ts';

/** A folder a recovery point, named by the time at which its capture began: `nats/20260215T021500.123456789Z/`. */
export interface PointLayout {
  readonly bucket: string;
  /** Ends in "/". */
  readonly prefix: string;
  /** Files without which a recovery point is not whole. */
  readonly holds: readonly string[];
}

const STAMP = /^(\d{4})-?(\d{2})-?(\d{2})T(\d{2}):?(\d{2}):?(\d{2})(?:\.(\d{1,9}))?Z$/;
/** An upload that is not whole yet may still be going on. */
const UPLOAD_MS = 3_600_000;

/** Milliseconds of a stamp such as `20260215T021500.5Z`; undefined for any other name. */
export function stampMs(name: string): number | undefined {
  const [whole, year, month, day, hour, minute, second, fraction = '0'] = STAMP.exec(name) ?? [];
  if (whole === undefined) return undefined;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * The recovery points that lie in the bucket by that layout, the newest first. What is not named by a time is not one. One listing
 * for all of them: a prefix that gets one every two minutes holds thousands of folders.
 */
export async function listRecoveryPoints(
  place: S3Place,
  layout: PointLayout,
  nowMs: number,
  signal: AbortSignal,
): Promise<readonly ObservedRecoveryPoint[]> {
  const client = s3Client(place, { maxAttempts: 3 });
  try {
    const points = [...(await foldersBelow(client, layout, signal))].flatMap(([name, folder]) => {
      const captureMs = stampMs(name);
      return captureMs === undefined ? [] : [pointIn(layout, name, folder, captureMs, nowMs)];
    });
    return points.toSorted((one, other) => Date.parse(other.captureBegan) - Date.parse(one.captureBegan));
  } finally {
    client.destroy();
  }
}

interface Folder {
  readonly sizes: Map<string, number>;
  durableMs: number;
}

async function foldersBelow(
  client: S3Client,
  { bucket, prefix }: PointLayout,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Folder>> {
  const folders = new Map<string, Folder>();
  const request = { Bucket: bucket, Prefix: prefix };
  for await (const page of paginateListObjectsV2({ client }, request, { abortSignal: signal })) {
    for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
      const path = Key.slice(prefix.length);
      const end = path.indexOf('/');
      if (end === -1) continue;
      const folder = folders.get(path.slice(0, end)) ?? { sizes: new Map(), durableMs: 0 };
      folder.sizes.set(path.slice(end + 1), Size);
      folder.durableMs = Math.max(folder.durableMs, LastModified?.getTime() ?? 0);
      folders.set(path.slice(0, end), folder);
    }
  }
  return folders;
}

function pointIn(
  { bucket, prefix, holds }: PointLayout,
  name: string,
  { sizes, durableMs }: Folder,
  captureMs: number,
  nowMs: number,
): ObservedRecoveryPoint {
  const missing = holds.filter((file) => (sizes.get(file) ?? 0) === 0);
  const whole = missing.length === 0;
  const unfinished = nowMs - captureMs < UPLOAD_MS ? 'running' : 'failed';
  return {
    id: `s3://${bucket}/${prefix}${name}/`,
    captureBegan: new Date(captureMs).toISOString(),
    durable: whole ? new Date(durableMs).toISOString() : null,
    outcome: whole ? 'succeeded' : unfinished,
    said: whole
      ? `${sizes.size} objects`
      : `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing or empty`,
  };
}

/** When all of those objects lay in the bucket; nothing as long as one of them does not. */
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
    // Not by one call with all of them: there may be more objects than a call takes arguments.
    return new Date(times.reduce((latest, time) => Math.max(latest, time), Number.NEGATIVE_INFINITY)).toISOString();
  } catch (error) {
    if (error instanceof NotFound) return undefined;
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

/** What S3 answers to a listing of the prefix by somebody with those credentials: undefined when it lets them. */
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
