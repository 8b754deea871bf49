import { createHash } from 'node:crypto';
import {
  GetBucketEncryptionCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  ListObjectVersionsCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { z } from 'zod';

const version = z.object({
  Key: z.string(),
  VersionId: z.string(),
  ETag: z.string().optional(),
  Size: z.number().default(0),
});

const versionPage = z.object({
  Versions: z.array(version).default([]),
  DeleteMarkers: z.array(version).default([]),
  IsTruncated: z.boolean().default(false),
  NextKeyMarker: z.string().optional(),
  NextVersionIdMarker: z.string().optional(),
});

export interface ObservedVersions {
  /** Versions with content; delete markers are not counted. */
  readonly objects: number;
  readonly sizeBytes: number;
  /** Over key, version id, ETag and size of every version and delete marker. */
  readonly digest: string;
}

/** `Enabled`, `Suspended`, or `never enabled`. */
export async function versioningStatus(client: S3Client, bucket: string, signal: AbortSignal): Promise<string> {
  const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }), { abortSignal: signal });
  return Status ?? 'never enabled';
}

/** Walks all versions of the bucket, a page at a time. */
export async function observeVersions(
  client: S3Client,
  bucket: string,
  signal: AbortSignal,
): Promise<ObservedVersions> {
  const hash = createHash('sha256');
  let objects = 0;
  let sizeBytes = 0;
  let next: z.infer<typeof versionPage> | undefined;
  do {
    const markers = { KeyMarker: next?.NextKeyMarker, VersionIdMarker: next?.NextVersionIdMarker };
    const command = new ListObjectVersionsCommand({ Bucket: bucket, ...markers });
    const page = versionPage.parse(await client.send(command, { abortSignal: signal }));
    objects += page.Versions.length;
    sizeBytes += page.Versions.reduce((sum, { Size }) => sum + Size, 0);
    for (const entry of [...page.Versions, ...page.DeleteMarkers]) {
      hash.update(`${JSON.stringify([entry.Key, entry.VersionId, entry.ETag ?? null, entry.Size])}\n`);
    }
    next = page.IsTruncated ? page : undefined;
  } while (next !== undefined);
  return { objects, sizeBytes, digest: `sha256:${hash.digest('hex')}` };
}

export async function encryptionOf(client: S3Client, bucket: string, signal: AbortSignal): Promise<string> {
  const found = await unlessAbsent(
    client.send(new GetBucketEncryptionCommand({ Bucket: bucket }), { abortSignal: signal }),
  );
  const [rule] = found?.ServerSideEncryptionConfiguration?.Rules ?? [];
  return rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm ?? 'none by default';
}

export async function immutabilityOf(client: S3Client, bucket: string, signal: AbortSignal): Promise<string> {
  const found = await unlessAbsent(
    client.send(new GetObjectLockConfigurationCommand({ Bucket: bucket }), { abortSignal: signal }),
  );
  if (found?.ObjectLockConfiguration?.ObjectLockEnabled !== 'Enabled') {
    return 'none: anyone who may delete object versions can delete them';
  }
  const retention = found.ObjectLockConfiguration.Rule?.DefaultRetention;
  return retention === undefined
    ? 'object lock, on the versions that carry a retention'
    : `object lock, ${retention.Mode} for ${retention.Days ?? (retention.Years ?? 0) * 365} days on every version`;
}

async function unlessAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
    throw error;
  }
}
