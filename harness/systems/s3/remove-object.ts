import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { s3Client } from '../../clients/s3.ts';
import type { S3Place } from '../../model/target.ts';
import { deleteBatch } from './place.ts';

/** Removes one object with every version and delete marker of its key. One that is not there is removed already. */
export async function removeEveryVersion(
  place: S3Place,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  signal: AbortSignal,
): Promise<void> {
  const client = s3Client(place, { maxAttempts: 3 });
  try {
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }),
      { abortSignal: signal },
    );
    const own = [...Versions, ...DeleteMarkers].flatMap(({ Key, VersionId }) =>
      Key === key && VersionId !== undefined ? [{ Key, VersionId }] : [],
    );
    await deleteBatch({ client, bucket }, own, signal);
  } finally {
    client.destroy();
  }
}
