import { createHash } from 'node:crypto';
import type { ListedObject } from '../model/backup-store.ts';

/** What a backup left at its destination. */
export interface Arrival {
  readonly objects: number;
  readonly sizeBytes: number;
  readonly digest: string;
  /** The URL of the one new object, or of the folder that all of them share. */
  readonly location: string;
  readonly keys: readonly string[];
}

/** What is there now and was not there before, or was another object; undefined when nothing is. @param bucketUrl e.g. `s3://bucket/`. */
export function arrivalOf(
  before: ReadonlyMap<string, ListedObject>,
  after: ReadonlyMap<string, ListedObject>,
  bucketUrl: string,
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
    location: `${bucketUrl}${commonPlace(keys)}`,
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
