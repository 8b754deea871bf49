import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Place } from '../model/target.ts';

/** A versioned bucket of one pair's own, in that AWS region. Disposal removes it with everything in it. */
export async function makeRegionBucket(
  Bucket: string,
  region: BucketLocationConstraint,
  place: S3Place,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
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
  return {
    [Symbol.asyncDispose]: async () => {
      try {
        await empty(client, Bucket);
        await client.send(new DeleteBucketCommand({ Bucket }));
      } finally {
        client.destroy();
      }
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
