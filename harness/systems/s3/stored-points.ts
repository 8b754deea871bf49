import { s3Client } from '../../clients/s3.ts';
import { type ListedVersion, versionPages } from './listing.ts';
import { pointNameOf } from './point-names.ts';
import type { PointLayout } from './recovery-points.ts';
import type { S3Place } from './service.ts';

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

/** What lies below a prefix, as whoever pays for it sees it. */
export interface StoredBelow {
  /** Those that are whole, the oldest first. */
  readonly points: readonly StoredPoint[];
  /** Current objects that belong to none of them. */
  readonly others: readonly StoredObject[];
  /** Versions of such objects that were deleted or overwritten. */
  readonly otherNoncurrent: readonly StoredObject[];
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
  const groups = new Map<string, Group>();
  const others: StoredObject[] = [];
  const otherNoncurrent: StoredObject[] = [];
  try {
    for await (const page of versionPages({ client, bucket }, signal, prefix)) {
      for (const version of page) {
        if (version.deleteMarker) continue;
        const group = groupOf(version.key.slice(prefix.length));
        if (group === undefined) (version.isLatest ? others : otherNoncurrent).push(storedOf(version));
        else if (version.isLatest) {
          const { objects } = groups.get(group.id) ?? put(groups, group.id, group.capturedMs);
          objects.set(group.file, storedOf(version));
        }
      }
    }
  } finally {
    client.destroy();
  }
  const points: StoredPoint[] = [];
  for (const [name, { capturedMs, objects }] of groups) {
    const all = [...objects.values()];
    const isWhole = holds.every((file) => (objects.get(file)?.sizeBytes ?? 0) > 0);
    if (isWhole && all.some(({ sizeBytes }) => sizeBytes > 0)) points.push({ name, capturedMs, objects: all });
    else others.push(...all);
  }
  return { points: points.toSorted((one, other) => one.capturedMs - other.capturedMs), others, otherNoncurrent };
}

function put(groups: Map<string, Group>, id: string, capturedMs: number): Group {
  const group: Group = { capturedMs, objects: new Map() };
  groups.set(id, group);
  return group;
}

const storedOf = ({ sizeBytes, storageClass = 'STANDARD' }: ListedVersion): StoredObject => ({
  sizeBytes,
  storageClass,
});
