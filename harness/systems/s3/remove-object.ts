import { s3Client } from '../../clients/s3.ts';
import { versionPages } from './listing.ts';
import { deleteBatch } from './place.ts';
import type { S3Place } from './service.ts';

/** Removes one object with every version and delete marker of its key. A missing object counts as removed. */
export async function removeEveryVersion(
  place: S3Place,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  signal: AbortSignal,
): Promise<void> {
  const client = s3Client(place, { maxAttempts: 3 });
  try {
    for await (const page of versionPages({ client, bucket }, signal, key)) {
      const own = page.filter((version) => version.key === key);
      const named = own.map(({ key: Key, versionId: VersionId }) => ({ Key, VersionId }));
      if (named.length > 0) await deleteBatch({ client, bucket }, named, signal);
    }
  } finally {
    client.destroy();
  }
}
