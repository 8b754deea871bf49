import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  NotFound,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Place } from '../model/target.ts';

/** A bucket in a region of its own. Disposal removes it with everything in it, once. */
export interface RegionBucket extends AsyncDisposable {
  /** @throws when S3 does not say whether it is there. */
  isThere(signal: AbortSignal): Promise<boolean>;
}

/** A versioned bucket of one pair's own, in that AWS region. */
export async function makeRegionBucket(
  Bucket: string,
  region: BucketLocationConstraint,
  place: S3Place,
  signal: AbortSignal,
): Promise<RegionBucket> {
  const client = new S3Client({
    endpoint: place.endpoint,
    region,
    credentials: { accessKeyId: place.accessKeyId, secretAccessKey: place.secretAccessKey },
    forcePathStyle: true,
  });
  await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }), {
    abortSignal: signal,
  });
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }), {
    abortSignal: signal,
  });
  let removal: Promise<void> | undefined;
  const remove = async () => {
    try {
      await empty(client, Bucket);
      await client.send(new DeleteBucketCommand({ Bucket }));
    } finally {
      client.destroy();
    }
  };
  return {
    isThere: async (lookSignal) => {
      try {
        await client.send(new HeadBucketCommand({ Bucket }), { abortSignal: lookSignal });
        return true;
      } catch (error) {
        if (error instanceof NotFound) return false;
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => {
      removal ??= remove();
      return removal;
    },
  };
}

/** A page of versions at a time, from the start again: what was listed is gone by then. */
async function empty(client: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) return;
    await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  }
}
