import { z } from 'zod';
import { readGzippedJson } from '../../s3/bucket-reads.ts';
import type { S3Place } from '../../s3/service.ts';
import type { VeleroBackup } from './objects.ts';
import type { StorageLocation } from './schedules.ts';

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
function holdsNothing(listed: Readonly<Record<string, readonly string[] | null>>): boolean {
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
