import { createHash } from 'node:crypto';
import {
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { s3Client } from '../clients/s3.ts';
import { thawMsOf } from '../clients/storage-classes.ts';
import { ExplainedError } from '../model/errors.ts';
import type { RecoveryPoint } from '../model/procedure.ts';
import type { S3Place } from '../systems/s3/service.ts';

/** An object as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Changes with the content. */
  readonly etag: string;
  readonly modifiedMs: number;
}

export interface Arrival {
  readonly objects: number;
  readonly sizeBytes: number;
  readonly digest: string;
  /** `s3://bucket/…`: the one new object, or the folder that all of them share. */
  readonly location: string;
  readonly keys: readonly string[];
}

const HEADS = 20;
const moved = z.object({ Key: z.string(), LastModified: z.date() });
const listed = z.object({ Key: z.string(), Size: z.number(), ETag: z.string(), LastModified: z.date() });

/** The prefix of the backup bucket where a script leaves its backups, seen without the script's help. */
export class Destination implements Disposable {
  readonly prefix: string;
  readonly #bucket: string;
  readonly #client: S3Client;

  constructor(place: S3Place, prefix: string) {
    this.prefix = prefix;
    this.#bucket = place.backupBucket;
    this.#client = s3Client(place);
  }

  get url(): string {
    return `s3://${this.#bucket}/${this.prefix}`;
  }

  async list(signal: AbortSignal): Promise<Map<string, ListedObject>> {
    const found = new Map<string, ListedObject>();
    const pages = paginateListObjectsV2(
      { client: this.#client, pageSize: 1_000 },
      { Bucket: this.#bucket, Prefix: this.prefix },
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

  /** Objects that lie there no more: uploaded, and then deleted. Only a versioned bucket remembers them. */
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

  /** What protects the new objects, from the first of them: `encryption` and `immutability` as S3 reports them. */
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

  /**
   * Asks for one object only, because the restore is being timed.
   * @throws {ExplainedError} when nothing is left of a recovery point of this destination: the restore moved or removed it.
   */
  async requireLeft({ location }: Pick<RecoveryPoint, 'location'>, signal: AbortSignal): Promise<void> {
    if (!location.startsWith(this.url)) return;
    const { KeyCount } = await this.#client.send(
      new ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: location.slice(`s3://${this.#bucket}/`.length),
        MaxKeys: 1,
      }),
      { abortSignal: signal },
    );
    if (KeyCount !== 0) return;
    throw new ExplainedError({
      thing: `recovery point ${location}`,
      expected: 'it is still there after the restore',
      observed: 'the restore removed it',
      nextStep: 'Copy the backup and do not move it: when a restore fails halfway, it has to be started again.',
      cause: 'protection-not-in-force',
    });
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }
}

/** The slowest to thaw of them. */
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

/** What is there now and was not there before, or was another object; undefined when nothing is. */
export function arrivalOf(
  before: ReadonlyMap<string, ListedObject>,
  after: ReadonlyMap<string, ListedObject>,
  bucket: string,
): Arrival | undefined {
  const fresh = [...after.values()].filter((object) => !isAsBefore(object, before.get(object.key)));
  if (fresh.length === 0) return undefined;
  fresh.sort((a, b) => (a.key < b.key ? -1 : 1));
  const digest = createHash('sha256');
  for (const { key, sizeBytes, etag } of fresh) digest.update(`${key}\0${sizeBytes}\0${etag}\n`);
  const keys = fresh.map(({ key }) => key);
  return {
    objects: fresh.length,
    sizeBytes: fresh.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    digest: `sha256:${digest.digest('hex')}`,
    location: `s3://${bucket}/${commonPlace(keys)}`,
    keys,
  };
}

/** Whether the object was there before, and was not written again since. */
export const isAsBefore = (object: ListedObject, other: ListedObject | undefined): boolean =>
  other !== undefined && other.etag === object.etag && other.modifiedMs === object.modifiedMs;

function commonPlace(keys: readonly string[]): string {
  const [first = ''] = keys;
  return keys.length === 1 ? first : commonFolder(keys);
}

/** The deepest folder that holds all of them, with its slash. */
export function commonFolder(keys: readonly string[]): string {
  const [first = ''] = keys;
  let folder = first.slice(0, first.lastIndexOf('/') + 1);
  while (!keys.every((key) => key.startsWith(folder)))
    folder = folder.slice(0, folder.slice(0, -1).lastIndexOf('/') + 1);
  return folder;
}
