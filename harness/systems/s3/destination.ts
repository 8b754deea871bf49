import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  NoSuchKey,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { s3Client } from '../../clients/s3.ts';
import { thawMsOf } from '../../clients/storage-classes.ts';
import type { Destination, ListedObject, Standpoint } from '../../model/backup-store.ts';
import type { RecoveryPoint } from '../../model/procedure.ts';
import { type S3Place, s3Credentials } from './service.ts';

const HEADS = 20;
const moved = z.object({ Key: z.string(), LastModified: z.date() });
const listed = z.object({ Key: z.string(), Size: z.number(), ETag: z.string(), LastModified: z.date() });

/** A prefix of the bucket for off-site backups. */
export class S3Destination implements Destination {
  readonly prefix: string;
  readonly bucketUrl: string;
  readonly #place: S3Place;
  readonly #bucket: string;
  readonly #client: S3Client;

  constructor(place: S3Place, prefix: string) {
    this.prefix = prefix;
    this.bucketUrl = `s3://${place.backupBucket}/`;
    this.#place = place;
    this.#bucket = place.backupBucket;
    this.#client = s3Client(place);
  }

  get url(): string {
    return `${this.bucketUrl}${this.prefix}`;
  }

  variables(standpoint: Standpoint): ReadonlyMap<string, string> {
    const { endpoint, endpointFromPods = endpoint, region } = this.#place;
    return new Map([
      ['AWS_ENDPOINT_URL', standpoint === 'pod' ? endpointFromPods : endpoint],
      ['AWS_REGION', region],
      ['AWS_DEFAULT_REGION', region],
      ['BACKUP_BUCKET', this.#bucket],
      ['BACKUP_PREFIX', this.prefix],
    ]);
  }

  credentials(): ReadonlyMap<string, string> {
    return s3Credentials(this.#place);
  }

  async list(signal: AbortSignal, below = this.prefix): Promise<Map<string, ListedObject>> {
    const found = new Map<string, ListedObject>();
    const pages = paginateListObjectsV2(
      { client: this.#client, pageSize: 1_000 },
      { Bucket: this.#bucket, Prefix: below },
      { abortSignal: signal },
    );
    for await (const page of pages) {
      for (const object of page.Contents ?? []) {
        const { Key, Size, ETag, LastModified } = listed.parse(object);
        found.set(Key, { key: Key, sizeBytes: Size, etag: ETag, modifiedMs: LastModified.getTime() });
      }
    }
    return found;
  }

  async read(key: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }), {
        abortSignal: signal,
      });
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  /** Returns objects that were uploaded and then deleted. Only a versioned bucket remembers them. */
  async deletedAgain(signal: AbortSignal): Promise<readonly { readonly key: string; readonly livedMs: number }[]> {
    const newest = new Map<string, number>();
    const deleted = new Map<string, number>();
    let from: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
    while (from !== undefined) {
      const page: ListObjectVersionsCommandOutput = await this.#client.send(
        new ListObjectVersionsCommand({ Bucket: this.#bucket, Prefix: this.prefix, ...from }),
        { abortSignal: signal },
      );
      for (const version of page.Versions ?? []) {
        const { Key, LastModified } = moved.parse(version);
        newest.set(Key, Math.max(newest.get(Key) ?? 0, LastModified.getTime()));
      }
      for (const marker of page.DeleteMarkers ?? []) {
        const { Key, LastModified } = moved.parse(marker);
        if (marker.IsLatest === true) deleted.set(Key, LastModified.getTime());
      }
      const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page;
      from = IsTruncated === true ? { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker } : undefined;
    }
    return [...deleted].flatMap(([key, atMs]) => {
      const uploadedMs = newest.get(key);
      return uploadedMs === undefined ? [] : [{ key, livedMs: Math.max(0, atMs - uploadedMs) }];
    });
  }

  /** Returns the protection of the new objects, from the first one: `encryption` and `immutability` as S3 reports them. */
  async protection(
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<Pick<RecoveryPoint, 'encryption' | 'immutability' | 'archived'>> {
    const heads = await Promise.all(
      keys
        .slice(0, HEADS)
        .map((Key) => this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key }), { abortSignal: signal })),
    );
    const looked = keys.length > HEADS ? ` (first ${HEADS} of ${keys.length} objects)` : '';
    return {
      encryption: `${valuesOf(heads, (head) => head.ServerSideEncryption ?? 'none')}${looked}`,
      immutability: `${valuesOf(heads, immutabilityOf)}${looked}`,
      ...archivedIn(heads),
    };
  }

  async holds(location: string, signal: AbortSignal): Promise<boolean> {
    const { KeyCount } = await this.#client.send(
      new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: location.slice(this.bucketUrl.length), MaxKeys: 1 }),
      { abortSignal: signal },
    );
    return KeyCount !== 0;
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}

/** Returns the class that is slowest to thaw. */
function archivedIn(heads: readonly HeadObjectCommandOutput[]): Pick<RecoveryPoint, 'archived'> {
  const [slowest] = heads
    .flatMap(({ StorageClass: storageClass = 'STANDARD' }) => {
      const thawMs = thawMsOf(storageClass);
      return thawMs === undefined ? [] : [{ storageClass, thawMs }];
    })
    .toSorted((one, other) => other.thawMs - one.thawMs);
  return slowest === undefined ? {} : { archived: slowest };
}

function immutabilityOf(head: HeadObjectCommandOutput): string {
  if (head.ObjectLockMode !== undefined) {
    return `object lock ${head.ObjectLockMode} until ${head.ObjectLockRetainUntilDate?.toISOString() ?? 'unknown'}`;
  }
  return head.VersionId === undefined || head.VersionId === 'null'
    ? 'none: not versioned, no object lock'
    : 'versioned, no object lock';
}

function valuesOf(heads: readonly HeadObjectCommandOutput[], pick: (head: HeadObjectCommandOutput) => string): string {
  return [...new Set(heads.map(pick))].join('; ');
}
