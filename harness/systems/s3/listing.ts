import { ListObjectsV2Command, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';

const listed = z.object({ Key: z.string(), VersionId: z.string(), IsLatest: z.boolean(), LastModified: z.date() });
const listedVersion = listed.extend({ Size: z.number().int().nonnegative(), StorageClass: z.string().optional() });
const currentObject = z.object({ Key: z.string(), ETag: z.string(), Size: z.number().int().nonnegative() });

export interface ListedVersion {
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly deleteMarker: boolean;
  /** S3 stamps whole seconds. */
  readonly lastModified: string;
  readonly sizeBytes: number;
  /** Storage class of a version, if the store states it. */
  readonly storageClass?: string;
}

/** All versions and delete markers of one key, newest first. */
export interface KeyHistory {
  readonly key: string;
  readonly versions: readonly ListedVersion[];
}

export interface CurrentObject {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

export interface BucketAt {
  readonly client: S3Client;
  readonly bucket: string;
}

/**
 * Yields the bucket's histories in S3's order of keys, page by page; memory is bounded by a page and by the versions of one key. The SDK
 * returns versions and delete markers as two lists. So the order of a version and a delete marker from the same second is unknown, and
 * nothing may depend on it.
 */
export async function* keyHistories(
  at: BucketAt,
  signal: AbortSignal,
  prefix?: string,
): AsyncGenerator<KeyHistory, void, undefined> {
  let key: string | undefined;
  let versions: ListedVersion[] = [];
  for await (const page of versionPages(at, signal, prefix)) {
    for (const version of page) {
      if (version.key !== key) {
        if (key !== undefined) yield { key, versions: newestFirst(versions) };
        key = version.key;
        versions = [];
      }
      versions.push(version);
    }
  }
  if (key !== undefined) yield { key, versions: newestFirst(versions) };
}

export async function* versionPages(
  at: BucketAt,
  signal: AbortSignal,
  prefix?: string,
): AsyncGenerator<ListedVersion[]> {
  let next: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (next !== undefined) {
    // No EncodingType: LocalStack 4.13 compares encoded keys with an unencoded page marker and would skip keys.
    const page: Awaited<ReturnType<typeof listVersions>> = await listVersions(at, { Prefix: prefix, ...next }, signal);
    const versions = z.array(listedVersion).parse(page.Versions ?? []);
    const deleteMarkers = z.array(listed).parse(page.DeleteMarkers ?? []);
    yield mergePage([
      versions.map((version) => ({
        ...plain(version),
        deleteMarker: false,
        sizeBytes: version.Size,
        ...(version.StorageClass === undefined ? {} : { storageClass: version.StorageClass }),
      })),
      deleteMarkers.map((marker) => ({ ...plain(marker), deleteMarker: true, sizeBytes: 0 })),
    ]);
    next = page.IsTruncated ? markersOf(page) : undefined;
  }
}

function listVersions(
  at: BucketAt,
  from: { readonly Prefix?: string | undefined; readonly KeyMarker?: string; readonly VersionIdMarker?: string },
  signal: AbortSignal,
) {
  return at.client.send(new ListObjectVersionsCommand({ Bucket: at.bucket, ...from }), { abortSignal: signal });
}

function markersOf(page: { NextKeyMarker?: string | undefined; NextVersionIdMarker?: string | undefined }) {
  const KeyMarker = z.string().parse(page.NextKeyMarker);
  return page.NextVersionIdMarker === undefined
    ? { KeyMarker }
    : { KeyMarker, VersionIdMarker: page.NextVersionIdMarker };
}

function plain(entry: z.infer<typeof listed>) {
  const { Key: key, VersionId: versionId, IsLatest: isLatest, LastModified } = entry;
  return { key, versionId, isLatest, lastModified: LastModified.toISOString() };
}

/** Merges the two sorted lists of a page by key. The merge is stable, so each list keeps its own order. */
function mergePage([versions, deleteMarkers]: readonly [ListedVersion[], ListedVersion[]]): ListedVersion[] {
  if (deleteMarkers.length === 0) return versions;
  const groups = Map.groupBy([...versions, ...deleteMarkers], ({ key }) => key);
  return [...groups.entries()]
    .sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    .flatMap(([, group]) => group);
}

/** S3 marks the latest one, so it comes first even if a version and a delete marker have the same second. */
function newestFirst(versions: ListedVersion[]): ListedVersion[] {
  return versions.sort(
    (one, other) =>
      Number(other.isLatest) - Number(one.isLatest) ||
      Number(one.lastModified < other.lastModified) - Number(one.lastModified > other.lastModified),
  );
}

/** Yields the objects of a plain listing, in S3's order of keys, page by page. */
export async function* currentObjects(
  at: BucketAt,
  signal: AbortSignal,
  prefix?: string,
): AsyncGenerator<CurrentObject> {
  let token: string | undefined;
  do {
    const page: { Contents?: unknown; IsTruncated?: boolean | undefined; NextContinuationToken?: string | undefined } =
      await at.client.send(new ListObjectsV2Command({ Bucket: at.bucket, Prefix: prefix, ContinuationToken: token }), {
        abortSignal: signal,
      });
    for (const { Key: key, ETag: etag, Size: sizeBytes } of z.array(currentObject).parse(page.Contents ?? [])) {
      yield { key, etag, sizeBytes };
    }
    token = page.IsTruncated ? z.string().parse(page.NextContinuationToken) : undefined;
  } while (token !== undefined);
}
