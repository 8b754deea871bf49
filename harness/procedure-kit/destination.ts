import { z } from 'zod';
import type { BackupStore, Destination, ListedObject } from '../model/backup-store.ts';
import { ExplainedError } from '../model/errors.ts';
import type { ProcedureContext, RecoveryPoint } from '../model/procedure.ts';
import { arrivalOf } from './arrival.ts';
import { sharedPointers } from './shared-pointers.ts';

/** The store that a procedure's backups go to, as a contract names it. @param usual the store when a contract names none. */
export const destinationOptionOf = (usual: BackupStore) =>
  z
    .custom<BackupStore>(
      (value) => typeof value === 'object' && value !== null && 'open' in value && 'capability' in value,
      'a store such as s3Backups or gcsBackups, without quotes',
    )
    // A function, because zod hands out a copy of an object.
    .default(() => usual);

/** For the description of a procedure: the store, where it is not the usual one. */
export const namedUnlessUsual = (store: BackupStore, usual: BackupStore): string =>
  store === usual ? '' : `, to ${store.name}`;

/** The place of one drill's backups there. @param prefix as the contract names it. */
export const destinationOf = async (
  store: BackupStore,
  prefix: string,
  { target, drillId }: Pick<ProcedureContext, 'target' | 'drillId'>,
): Promise<Destination> => await store.open(target, `${prefix}${drillId}/`);

const SECOND_MS = 1_000;

/** The most objects of a recovery point that are compared after a restore: one page of a listing, because the restore is being timed. */
const COMPARED_OBJECTS = 1_000;

type Point = Pick<RecoveryPoint, 'location' | 'objects' | 'digest' | 'replacesEarlier' | 'captureBegan' | 'durable'>;

/** A recovery point before its restore, for {@link requireLeft}. */
export interface PointBefore {
  readonly destination: Destination;
  readonly point: Point;
  /** Its objects, as they were; left out where the next backup writes over them anyway, or where they are too many or not to be told apart. */
  readonly objects?: ReadonlyMap<string, ListedObject> | undefined;
}

/** Looks at a recovery point before it is restored. */
export async function pointBefore(destination: Destination, point: Point, signal: AbortSignal): Promise<PointBefore> {
  const isLookedAt = point.replacesEarlier === undefined && point.objects <= COMPARED_OBJECTS;
  if (!isLookedAt || !point.location.startsWith(destination.url)) return { destination, point };
  return { destination, point, objects: ownObjects(await objectsOf(destination, point, signal), destination, point) };
}

/**
 * Those of a listing that are the recovery point: what lies beside it is no part of it, and a restore may write that. Its digest decides;
 * undefined where none of the likely ones has it.
 */
function ownObjects(
  listing: ReadonlyMap<string, ListedObject>,
  { bucketUrl }: Destination,
  { digest, captureBegan, durable }: Point,
): ReadonlyMap<string, ListedObject> | undefined {
  const [beganMs, endedMs] = [Date.parse(captureBegan.utc) - SECOND_MS, Date.parse(durable.utc) + SECOND_MS];
  const written = new Map([...listing].filter(([, { modifiedMs }]) => modifiedMs >= beganMs && modifiedMs <= endedMs));
  const pointers = sharedPointers([...written.keys()], { began: captureBegan, ended: durable });
  const own = new Map([...written].filter(([key]) => !pointers.has(key)));
  return [listing, written, own].find((each) => arrivalOf(new Map(), each, bucketUrl)?.digest === digest);
}

const objectsOf = async (destination: Destination, { location }: Point, signal: AbortSignal) =>
  await destination.list(signal, location.slice(destination.bucketUrl.length));

/** @throws {ExplainedError} when the restore removed, moved or overwrote the recovery point that it restored. */
export async function requireLeft({ destination, point, objects }: PointBefore, signal: AbortSignal): Promise<void> {
  if (!point.location.startsWith(destination.url)) return;
  if (objects === undefined) {
    if (!(await destination.holds(point.location, signal))) throw notLeft(point, 'removed it');
    return;
  }
  const after = await objectsOf(destination, point, signal);
  if (after.size === 0 && objects.size > 0) throw notLeft(point, 'removed it');
  for (const [key, { etag }] of objects) {
    const now = after.get(key);
    if (now === undefined) throw notLeft(point, `removed ${key} of it`);
    if (now.etag !== etag) throw notLeft(point, `overwrote ${key} of it`);
  }
}

const notLeft = ({ location }: Point, did: string): ExplainedError =>
  new ExplainedError({
    thing: `recovery point ${location}`,
    expected: 'to be there unchanged after the restore',
    observed: `the restore ${did}`,
    nextStep:
      'Let the restore only read the backup: if it fails halfway, it is started again and needs the same backup.',
    cause: 'protection-not-in-force',
  });
