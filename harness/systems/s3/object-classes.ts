import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { BucketAt } from './listing.ts';

// Storage classes of objects. Some stores answer STANDARD for every listed version, so a listing of versions is unreliable: a plain listing
// gives the class of current objects, a HEAD request that of a noncurrent version.

/** Maximum number of noncurrent versions that are read one by one; the class of the rest stays unknown. */
const MOST_LOOKS = 1_000;
const CONCURRENCY = 8;

const listed = z.object({ Key: z.string(), StorageClass: z.string().optional() });

/** Returns the class of each current object below a prefix, by key. */
export async function currentClasses(
  { client, bucket }: BucketAt,
  prefix: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const classes = new Map<string, string>();
  let token: string | undefined;
  do {
    const page: { Contents?: unknown; IsTruncated?: boolean | undefined; NextContinuationToken?: string | undefined } =
      await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }), {
        abortSignal: signal,
      });
    for (const { Key, StorageClass = 'STANDARD' } of z.array(listed).parse(page.Contents ?? [])) {
      classes.set(Key, StorageClass);
    }
    token = page.IsTruncated ? z.string().parse(page.NextContinuationToken) : undefined;
  } while (token !== undefined);
  return classes;
}

interface VersionOf {
  readonly key: string;
  readonly versionId: string;
}

/**
 * Returns the class of each of these versions, in their order; undefined for those after the first thousand. S3 omits STANDARD from its
 * answer.
 */
export async function versionClasses(
  { client, bucket }: BucketAt,
  versions: readonly VersionOf[],
  signal: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  const classes: (string | undefined)[] = versions.map(() => undefined);
  const looked = versions.slice(0, MOST_LOOKS).entries();
  const look = async () => {
    for (const [index, { key, versionId }] of looked) {
      const head = new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId });
      const { StorageClass } = await client.send(head, { abortSignal: signal });
      classes[index] = StorageClass ?? 'STANDARD';
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, look));
  return classes;
}
