import { z } from 'zod';
import type { Credentials } from '../systems/s3/recovery-points.ts';
import type { S3Place } from '../systems/s3/service.ts';
import type { VeleroBackup } from '../systems/velero/posture/objects.ts';
import type { StorageLocation } from '../systems/velero/posture/schedules.ts';

// Reads of a live bucket for the posture checks. The S3 client is loaded with the first of them, not with the contract that asks.

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

/** Nobody's: a server that takes these takes anything, and its yes proves little. */
export const MADE_UP: Credentials = {
  accessKeyId: 'AKIANOBODYNOBODY0000',
  secretAccessKey: 'nobody-has-issued-this-key',
};

/** An empty backup holds no more than what each namespace has by itself. */
const FEW_ITEMS = 60;
const resourceList = z.record(z.string(), z.array(z.string()).nullable());

/** Where Velero puts the files of a backup. */
export const folderOfBackup = ({ prefix }: StorageLocation, name: string): string =>
  `${prefix === '' ? '' : `${prefix}/`}backups/${name}/`;

/**
 * Whether a completed backup holds nothing that anybody made. A selector that matches nothing does not fail: Velero completes the backup,
 * with the namespace alone (https://github.com/velero-io/velero/issues/3565). What it holds is read from the list beside its archive.
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

/** Kubernetes puts these into each namespace as soon as it exists. */
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
