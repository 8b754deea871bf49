import type { BackupStore, Destination } from '../../model/backup-store.ts';
import { noteMadeOf } from '../../model/made-of.ts';
import type { Target } from '../../model/target.ts';
import { s3Store } from './service.ts';

/**
 * The bucket of off-site backups in the target's S3. Scripts, commands and CronJobs store their backups there unless a contract says
 * otherwise.
 */
export const s3Backups = noteMadeOf<BackupStore>(
  {
    name: 'S3',
    capability: s3Store.capability,
    urlForm: 's3://bucket/prefix/',
    variables: {
      AWS_REGION: { meaning: 'the region of the backup bucket', readByClients: true },
      AWS_ACCESS_KEY_ID: {
        meaning: 'credentials that may read the backups (or set `AWS_PROFILE` instead)',
        readByClients: true,
        isCredential: true,
      },
      AWS_SECRET_ACCESS_KEY: {
        meaning: 'the secret that belongs to `AWS_ACCESS_KEY_ID`',
        readByClients: true,
        isCredential: true,
      },
    },
    onlyInDrills: ['AWS_ENDPOINT_URL', 'AWS_DEFAULT_REGION'],
    notEvaluated: [],
    inCluster: { needs: ['velero', 's3'] },
    open: async (target, prefix) => await openS3(target, prefix),
  },
  { kind: 's3Backups', options: [] },
);

/** @param elsewhere a bucket other than that of off-site backups, and its region. */
export async function openS3(
  target: Target,
  prefix: string,
  elsewhere?: { readonly bucket: string; readonly region: string },
): Promise<Destination> {
  const place = await target.place(s3Store);
  // Loaded when a drill uses the client; listing contracts does not need it.
  const { S3Destination } = await import('./destination.ts');
  if (elsewhere === undefined) return new S3Destination(place, prefix);
  return new S3Destination({ ...place, backupBucket: elsewhere.bucket, region: elsewhere.region }, prefix);
}
