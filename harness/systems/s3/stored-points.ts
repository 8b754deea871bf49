import { s3Client } from '../../clients/s3.ts';
import { type BucketAt, type KeyHistory, keyHistories, type ListedVersion } from './listing.ts';
import { currentClasses, versionClasses } from './object-classes.ts';
import { pointNameOf } from './point-names.ts';
import type { PointLayout } from './recovery-points.ts';
import type { S3Place } from './service.ts';
import { type UnfinishedUpload, unfinishedUploads } from './unfinished-uploads.ts';

/** An object that is billed. */
export interface StoredObject {
  readonly sizeBytes: number;
  /** Undefined if it was not read, because there are too many objects. */
  readonly storageClass: string | undefined;
}

/** A recovery point as stored. */
export interface StoredPoint {
  /** Its name, e.g. `20261129T021500Z/`. */
  readonly name: string;
  readonly capturedMs: number;
  readonly objects: readonly StoredObject[];
}

/** Billed content below a prefix. */
export interface StoredBelow {
  /** Complete points, oldest first. */
  readonly points: readonly StoredPoint[];
  /** Current objects that belong to no recovery point. */
  readonly others: readonly StoredObject[];
  /** Overwritten versions of files of recovery points. */
  readonly overwritten: readonly StoredObject[];
  /** Versions of expired recovery points. Their class is read only if the caller asks for it. */
  readonly deleted: readonly StoredObject[];
  /** Versions of other objects that were deleted or overwritten. */
  readonly otherNoncurrent: readonly StoredObject[];
  readonly deleteMarkers: readonly StoredObject[];
  /** Null if the store refuses to list them. */
  readonly unfinished: readonly UnfinishedUpload[] | null;
}

interface Group {
  readonly capturedMs: number;
  readonly objects: Map<string, StoredObject>;
  /** Files that have only deleted versions left, with those versions. */
  readonly gone: Map<string, readonly ListedVersion[]>;
}

/** Returns the point of an object, by its key after the prefix; undefined for none. */
type GroupOf = (
  path: string,
) => { readonly id: string; readonly file: string; readonly capturedMs: number; readonly isGone?: boolean } | undefined;

/** Returns recovery points by the layout that a contract names, with the sizes of their objects. */
export function storedPoints(
  place: S3Place,
  layout: PointLayout,
  signal: AbortSignal,
  readsDeleted: boolean,
): Promise<StoredBelow> {
  const { read = pointNameOf, holds } = layout;
  const groupOf: GroupOf = (path) => {
    const name = read(path);
    const isFolder = name?.name.endsWith('/') === true;
    if (name === undefined || (holds.length > 0 && !isFolder)) return undefined;
    // Single objects with the same time in their names belong together.
    const id = isFolder ? name.name : `${name.fromMs}-${name.untilMs}`;
    return { id, file: isFolder ? path.slice(name.name.length) : path, capturedMs: name.fromMs };
  };
  return storedBelow(place, layout, groupOf, signal, readsDeleted);
}

/** Returns Velero's backups by name, each a folder below `backups/`. Other objects, such as the repository of files, belong to none. */
export function storedVeleroBackups(
  place: S3Place,
  at: {
    readonly bucket: string;
    readonly prefix: string;
    readonly began: ReadonlyMap<string, number>;
    /** Returns whether a backup unknown to Velero was one of these, by its name. */
    readonly isGone: (name: string) => boolean;
  },
  signal: AbortSignal,
  readsDeleted: boolean,
): Promise<StoredBelow> {
  const groupOf: GroupOf = (path) => {
    const [, id = '', file = ''] = /^backups\/([^/]+)\/(.*)$/s.exec(path) ?? [];
    const capturedMs = at.began.get(id);
    // Once Velero has deleted a backup, only its name shows its origin.
    if (capturedMs === undefined) return at.isGone(id) ? { id, file, capturedMs: 0, isGone: true } : undefined;
    return { id, file, capturedMs };
  };
  return storedBelow(place, { ...at, holds: [] }, groupOf, signal, readsDeleted);
}

async function storedBelow(
  place: S3Place,
  { bucket, prefix, holds }: Pick<PointLayout, 'bucket' | 'prefix' | 'holds'>,
  groupOf: GroupOf,
  signal: AbortSignal,
  readsDeleted: boolean,
): Promise<StoredBelow> {
  const client = s3Client(place, { maxAttempts: 3 });
  const at: BucketAt = { client, bucket };
  try {
    const classes = await currentClasses(at, prefix, signal);
    const sorted = sortedHistories(prefix, groupOf, classes);
    for await (const history of keyHistories(at, signal, prefix)) sorted.add(history);
    const { points, others, deleted, overwritten, otherNoncurrent, deleteMarkers } = sorted.result(holds);
    // Each list is read up to a limit.
    const withClasses = async (versions: readonly ListedVersion[]) => {
      const found = await versionClasses(at, versions, signal);
      return versions.map(({ sizeBytes }, index): StoredObject => ({ sizeBytes, storageClass: found[index] }));
    };
    return {
      points: points.toSorted((one, other) => one.capturedMs - other.capturedMs),
      others,
      overwritten: await withClasses(overwritten),
      otherNoncurrent: await withClasses(otherNoncurrent),
      deleted: readsDeleted
        ? await withClasses(deleted)
        : deleted.map(({ sizeBytes }) => ({ sizeBytes, storageClass: undefined })),
      deleteMarkers,
      unfinished: await unfinishedUploads(at, prefix, signal),
    };
  } finally {
    client.destroy();
  }
}

/** Sorts the stored versions key by key, by the reason why each one is billed. */
function sortedHistories(prefix: string, groupOf: GroupOf, classes: ReadonlyMap<string, string>) {
  const groups = new Map<string, Group>();
  const others: StoredObject[] = [];
  const overwritten: ListedVersion[] = [];
  const otherNoncurrent: ListedVersion[] = [];
  const deleteMarkers: StoredObject[] = [];
  const add = ({ key, versions }: KeyHistory): void => {
    const found = groupOf(key.slice(prefix.length));
    const group = found === undefined ? undefined : (groups.get(found.id) ?? put(groups, found.id, found.capturedMs));
    const gone: ListedVersion[] = [];
    for (const [index, version] of versions.entries()) {
      if (version.deleteMarker) {
        // Its size is the length of its key: https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
        deleteMarkers.push({ sizeBytes: Buffer.byteLength(key), storageClass: 'STANDARD' });
      } else if (version.isLatest) {
        const object = { sizeBytes: version.sizeBytes, storageClass: classes.get(key) ?? version.storageClass };
        if (found === undefined || group === undefined || found.isGone === true) others.push(object);
        else group.objects.set(found.file, object);
      } else if (found === undefined || group === undefined) otherNoncurrent.push(version);
      else if (isOverwritten(versions, index)) overwritten.push(version);
      else gone.push(version);
    }
    if (found !== undefined && gone.length > 0) group?.gone.set(found.file, gone);
  };
  const result = (holds: readonly string[]) => {
    const points: StoredPoint[] = [];
    const deleted: ListedVersion[] = [];
    for (const [name, { capturedMs, objects, gone }] of groups) {
      const all = [...objects.values()];
      const versions = [...gone.values()].flat();
      const wasWhole = holds.every((file) => (gone.get(file)?.[0]?.sizeBytes ?? objects.get(file)?.sizeBytes ?? 0) > 0);
      // An expired complete point has no current file left; other deleted versions count as other objects.
      (all.length === 0 && wasWhole ? deleted : otherNoncurrent).push(...versions);
      const isWhole = holds.every((file) => (objects.get(file)?.sizeBytes ?? 0) > 0);
      if (isWhole && all.some(({ sizeBytes }) => sizeBytes > 0)) points.push({ name, capturedMs, objects: all });
      else others.push(...all);
    }
    return { points, others, deleted, overwritten, otherNoncurrent, deleteMarkers };
  };
  return { add, result };
}

/** An overwritten version has another version above it, a deleted one a delete marker. */
function isOverwritten(versions: readonly ListedVersion[], index: number): boolean {
  const above = versions[index - 1];
  return above !== undefined && !above.deleteMarker;
}

function put(groups: Map<string, Group>, id: string, capturedMs: number): Group {
  const group: Group = { capturedMs, objects: new Map(), gone: new Map() };
  groups.set(id, group);
  return group;
}
