import type { BackupStore } from '../model/backup-store.ts';
import type { ProcedureContext, RecoveryPoint } from '../model/procedure.ts';
import { destinationOptionOf, namedUnlessUsual } from '../procedure-kit/destination.ts';
import { type ObservedBackup, observeBackupIn } from '../procedure-kit/observe.ts';
import { s3Backups } from '../systems/s3/backup-store.ts';

// S3 is where backups go unless a contract says otherwise. The kit of the procedures is told so here.

/** The store that a procedure's backups go to, as a contract names it: `s3Backups` when left out, or `gcsBackups`. */
export const destinationOption = destinationOptionOf(s3Backups);

/** For the description of a procedure: the store, where it is not the usual one. */
export const namedStore = (store: BackupStore): string => namedUnlessUsual(store, s3Backups);

/**
 * Runs a backup and returns what it left at its destination, as the harness finds it there. A backup that names no store goes to S3.
 * @throws {ExplainedError} when it left nothing.
 */
export async function observeBackup(backup: ObservedBackup, context: ProcedureContext): Promise<RecoveryPoint> {
  return await observeBackupIn(s3Backups, backup, context);
}
