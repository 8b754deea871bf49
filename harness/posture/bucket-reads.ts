import { z } from 'zod';
import type { Credentials } from '../systems/s3/recovery-points.ts';
import type { S3Place } from '../systems/s3/service.ts';
import type { VeleroBackup } from '../systems/velero/posture/objects.ts';
import type { StorageLocation } from '../systems/velero/posture/schedules.ts';

// Reads of a live bucket for the posture checks. The first read loads the S3 client; importing a contract does not.

type Settings = typeof import('../systems/s3/settings.ts');
type Stored = typeof import('../systems/s3/stored-points.ts');
type Removal = typeof import('../systems/s3/remove-object.ts');
type Points = typeof import('../systems/s3/recovery-points.ts');

export const readBucketSettings: Settings['readBucketSettings'] = async (...given) =>
  (await import('../systems/s3/settings.ts')).readBucketSettings(...given);

export const readLockedDays: Settings['readLockedDays'] = async (...given) =>
  (await import('../systems/s3/settings.ts')).readLockedDays(...given);

export const listRecoveryPoints: Points['listRecoveryPoints'] = async (...given) =>
  (await import('../systems/s3/recovery-points.ts')).listRecoveryPoints(...given);

export const durableSince: Points['durableSince'] = async (...given) =>
  (await import('../systems/s3/recovery-points.ts')).durableSince(...given);

const readGzippedJson: Points['readGzippedJson'] = async (...given) =>
  (await import('../systems/s3/recovery-points.ts')).readGzippedJson(...given);

export const refusalOf: Points['refusalOf'] = async (...given) =>
  (await import('../systems/s3/recovery-points.ts')).refusalOf(...given);

export const storedPoints: Stored['storedPoints'] = async (...given) =>
  (await import('../systems/s3/stored-points.ts')).storedPoints(...given);

export const storedVeleroBackups: Stored['storedVeleroBackups'] = async (...given) =>
  (await import('../systems/s3/stored-points.ts')).storedVeleroBackups(...given);

export const removeEveryVersion: Removal['removeEveryVersion'] = async (...given) =>
  (await import('../systems/s3/remove-object.ts')).removeEveryVersion(...given);

/** Made-up credentials. A server that accepts them accepts any, so its acceptance proves little. */
export const MADE_UP: Credentials = {
  accessKeyId: 'AKIANOBODYNOBODY0000',
  secretAccessKey: 'nobody-has-issued-this-key',
};

/** Most items of an empty backup: those that every namespace has by itself. */
const FEW_ITEMS = 60;
const resourceList = z.record(z.string(), z.array(z.string()).nullable());

/** Folder where Velero stores the files of a backup. */
export const folderOfBackup = ({ prefix }: StorageLocation, name: string): string =>
  `${prefix === '' ? '' : `${prefix}/`}backups/${name}/`;

/**
 * Returns whether a completed backup holds only objects that every namespace has. A selector that matches nothing does not fail: Velero
 * completes the backup with the namespace alone (https://github.com/velero-io/velero/issues/3565). The content is read from the list beside
 * the archive.
 */
export async function isEmptyBackup(
  { name, items }: Pick<VeleroBackup, 'name' | 'items'>,
  location: StorageLocation | null | undefined,
  s3: S3Place,
  signal: AbortSignal,
): Promise<boolean> {
  if (items === 0) return true;
  if (items === undefined || items > FEW_ITEMS || location === null || location === undefined) return false;
  const key = `${folderOfBackup(location, name)}${name}-resource-list.json.gz`;
  const listed = await readGzippedJson(s3, location.bucket, key, signal);
  return listed !== undefined && holdsNothing(resourceList.parse(listed));
}

/** Kubernetes creates these in each new namespace. */
export function holdsNothing(listed: Readonly<Record<string, readonly string[] | null>>): boolean {
  return Object.entries(listed).every(([kind, names]) =>
    (names ?? []).every(
      (name) =>
        kind === 'v1/Namespace' ||
        kind.endsWith('/Event') ||
        (kind === 'v1/ConfigMap' && name.endsWith('/kube-root-ca.crt')) ||
        (kind === 'v1/ServiceAccount' && name.endsWith('/default')),
    ),
  );
}
