import { z } from 'zod';
import type { BackupStore, Destination } from '../model/backup-store.ts';
import { ExplainedError } from '../model/errors.ts';
import type { ProcedureContext, RecoveryPoint } from '../model/procedure.ts';
import { s3Backups } from '../systems/s3/backup-store.ts';

/** The store that a procedure's backups go to, as a contract names it: `s3Backups` when left out, or `gcsBackups`. */
export const destinationOption = z
  .custom<BackupStore>(
    (value) => typeof value === 'object' && value !== null && 'open' in value && 'capability' in value,
    'a store such as s3Backups or gcsBackups, without quotes',
  )
  // A function, because zod hands out a copy of an object.
  .default(() => s3Backups);

/** For the description of a procedure: the store, where it is not the usual one. */
export const namedStore = (store: BackupStore): string => (store === s3Backups ? '' : `, to ${store.name}`);

/** The place of one drill's backups there. @param prefix as the contract names it. */
export const destinationOf = async (
  store: BackupStore,
  prefix: string,
  { target, drillId }: Pick<ProcedureContext, 'target' | 'drillId'>,
): Promise<Destination> => await store.open(target, `${prefix}${drillId}/`);

/** @throws {ExplainedError} when nothing is left of a recovery point of this destination: the restore moved or removed it. */
export async function requireLeft(
  destination: Destination,
  { location }: Pick<RecoveryPoint, 'location'>,
  signal: AbortSignal,
): Promise<void> {
  if (!location.startsWith(destination.url) || (await destination.holds(location, signal))) return;
  throw new ExplainedError({
    thing: `recovery point ${location}`,
    expected: 'it is still there after the restore',
    observed: 'the restore removed it',
    nextStep: 'Copy the backup and do not move it: when a restore fails halfway, it has to be started again.',
    cause: 'protection-not-in-force',
  });
}
