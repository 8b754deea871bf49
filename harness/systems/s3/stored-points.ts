import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { mapOrdered } from '../../asset-kit/bounded.ts';
import { s3Client } from '../../clients/s3.ts';
import { CONCURRENCY, statusOf } from './client.ts';
import { type BucketAt, currentObjects, type ListedVersion, versionPages } from './listing.ts';
import { pointNameOf } from './point-names.ts';
import type { PointLayout } from './recovery-points.ts';
import type { S3Place } from './service.ts';

const STANDARD = 'STANDARD';
/** Each noncurrent version costs a request of its own to learn its class. */
const MOST_HEADS = 1_000;

/** An object that is paid for. */
export interface StoredObject {
  readonly sizeBytes: number;
  readonly storageClass: string;
}

/** A recovery point as it lies there. */
export interface StoredPoint {
  /** What its name says, e.g. `20261129T021500Z/`. */
  readonly name: string;
  readonly capturedMs: number;
  readonly objects: readonly StoredObject[];
}

/** What lies below a prefix and is paid for. */
export interface StoredBelow {
  /** Those that are whole, the oldest first. */
  readonly points: readonly StoredPoint[];
  /** Current objects that belong to none of them. */
  readonly others: readonly StoredObject[];
  /** Versions of such objects that were deleted or overwritten. */
  readonly otherNoncurrent: readonly StoredObject[];
  /** Versions of the objects of recovery points that were overwritten while they were current. */
  readonly overwritten: readonly StoredObject[];
  /** Versions of the objects of recovery points that were deleted: the last version of each object that is no more. */
  readonly deleted: readonly StoredObject[];
  /** How many noncurrent versions are taken for STANDARD, because there are too many to ask for the class of each. */
  readonly unknownClasses: number;
}

interface Group {
  readonly capturedMs: number;
  readonly objects: Map<string, StoredObject>;
}

/** Which point an object belongs to, by its key behind the prefix; undefined for none. */
type GroupOf = (
  path: string,
) => { readonly id: string; readonly file: string; readonly capturedMs: number } | undefined;

/** Recovery points by the layout that a contract names, with the sizes of their objects. */
export function storedPoints(place: S3Place, layout: PointLayout, signal: AbortSignal): Promise<StoredBelow> {
  const { read = pointNameOf, holds } = layout;
  const groupOf: GroupOf = (path) => {
    const name = read(path);
    const isFolder = name?.name.endsWith('/') === true;
    if (name === undefined || (holds.length > 0 && !isFolder)) return undefined;
    // Objects by themselves that name the same time belong together.
    const id = isFolder ? name.name : `${name.fromMs}-${name.untilMs}`;
    return { id, file: isFolder ? path.slice(name.name.length) : path, capturedMs: name.fromMs };
  };
  return storedBelow(place, layout, groupOf, signal);
}

/** Backups of Velero by their names, each a folder below `backups/`. All else, such as the repository of files, belongs to none. */
export function storedVeleroBackups(
  place: S3Place,
  at: { readonly bucket: string; readonly prefix: string; readonly began: ReadonlyMap<string, number> },
  signal: AbortSignal,
): Promise<StoredBelow> {
  const groupOf: GroupOf = (path) => {
    const [, id = '', file = ''] = /^backups\/([^/]+)\/(.*)$/s.exec(path) ?? [];
    const capturedMs = at.began.get(id);
    return capturedMs === undefined ? undefined : { id, file, capturedMs };
  };
  return storedBelow(place, { ...at, holds: [] }, groupOf, signal);
}

async function storedBelow(
  place: S3Place,
  { bucket, prefix, holds }: Pick<PointLayout, 'bucket' | 'prefix' | 'holds'>,
  groupOf: GroupOf,
  signal: AbortSignal,
): Promise<StoredBelow> {
  const client = s3Client(place, { maxAttempts: 3 });
  try {
    const at = { client, bucket };
    const found = await sortedVersions(at, prefix, groupOf, signal);
    const noncurrent = await withClasses(at, found.noncurrent, signal);
    const of = (wanted: NoncurrentKind) => noncurrent.filter(({ kind }) => kind === wanted).map(({ object }) => object);
    return {
      ...wholePoints(found.groups, holds, found.others),
      otherNoncurrent: of('other'),
      overwritten: of('overwritten'),
      deleted: of('deleted'),
      unknownClasses: Math.max(0, found.noncurrent.length - MOST_HEADS),
    };
  } finally {
    client.destroy();
  }
}

type NoncurrentKind = 'other' | 'overwritten' | 'deleted';

interface Noncurrent {
  readonly version: ListedVersion;
  readonly kind: NoncurrentKind;
}

interface SortedVersions {
  readonly groups: ReadonlyMap<string, Group>;
  readonly others: readonly StoredObject[];
  readonly noncurrent: readonly Noncurrent[];
}

/** Each version by the recovery point that its key belongs to. A listing shows the versions of a key one after the other, the newest first. */
async function sortedVersions(
  at: BucketAt,
  prefix: string,
  groupOf: GroupOf,
  signal: AbortSignal,
): Promise<SortedVersions> {
  const classes = await classesOfCurrent(at, prefix, signal);
  const groups = new Map<string, Group>();
  const others: StoredObject[] = [];
  const noncurrent: Noncurrent[] = [];
  let previousKey: string | undefined;
  for await (const page of versionPages(at, signal, prefix)) {
    for (const version of page) {
      if (version.deleteMarker) continue;
      const isNewest = version.key !== previousKey;
      previousKey = version.key;
      const group = groupOf(version.key.slice(prefix.length));
      if (!version.isLatest) {
        noncurrent.push({ version, kind: group === undefined ? 'other' : isNewest ? 'deleted' : 'overwritten' });
        continue;
      }
      const object = { sizeBytes: version.sizeBytes, storageClass: classes.get(version.key) ?? STANDARD };
      if (group === undefined) others.push(object);
      else (groups.get(group.id) ?? put(groups, group.id, group.capturedMs)).objects.set(group.file, object);
    }
  }
  return { groups, others, noncurrent };
}

/** Those in another class than STANDARD, by key. ListObjectVersions documents no other class than STANDARD, so it is not asked. */
async function classesOfCurrent(at: BucketAt, prefix: string, signal: AbortSignal): Promise<Map<string, string>> {
  const classes = new Map<string, string>();
  for await (const { key, storageClass = STANDARD } of currentObjects(at, signal, prefix)) {
    if (storageClass !== STANDARD) classes.set(key, storageClass);
  }
  return classes;
}

/** Asks for the class of each. A version that has gone in the meantime is left out. */
async function withClasses(
  at: BucketAt,
  noncurrent: readonly Noncurrent[],
  signal: AbortSignal,
): Promise<readonly { readonly kind: NoncurrentKind; readonly object: StoredObject }[]> {
  const found = [];
  const asked = noncurrent.slice(0, MOST_HEADS);
  for await (const each of mapOrdered(asked, CONCURRENCY, (one) => withClass(at, one, signal))) {
    if (each !== undefined) found.push(each);
  }
  const unasked = noncurrent.slice(MOST_HEADS).map(({ version: { sizeBytes }, kind }) => ({
    kind,
    object: { sizeBytes, storageClass: STANDARD },
  }));
  return [...found, ...unasked];
}

async function withClass(at: BucketAt, { version, kind }: Noncurrent, signal: AbortSignal) {
  const { key: Key, versionId: VersionId, sizeBytes } = version;
  try {
    const head = await at.client.send(new HeadObjectCommand({ Bucket: at.bucket, Key, VersionId }), {
      abortSignal: signal,
    });
    return { kind, object: { sizeBytes, storageClass: head.StorageClass ?? STANDARD } };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

function wholePoints(
  groups: SortedVersions['groups'],
  holds: readonly string[],
  others: readonly StoredObject[],
): Pick<StoredBelow, 'points' | 'others'> {
  const points: StoredPoint[] = [];
  const rest = [...others];
  for (const [name, { capturedMs, objects }] of groups) {
    const all = [...objects.values()];
    const isWhole = holds.every((file) => (objects.get(file)?.sizeBytes ?? 0) > 0);
    if (isWhole && all.some(({ sizeBytes }) => sizeBytes > 0)) points.push({ name, capturedMs, objects: all });
    else rest.push(...all);
  }
  return { points: points.toSorted((one, other) => one.capturedMs - other.capturedMs), others: rest };
}

function put(groups: Map<string, Group>, id: string, capturedMs: number): Group {
  const group: Group = { capturedMs, objects: new Map() };
  groups.set(id, group);
  return group;
}
