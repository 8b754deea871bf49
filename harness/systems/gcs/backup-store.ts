import type { BackupStore } from '../../model/backup-store.ts';
import { noteMadeOf } from '../../model/made-of.ts';
import { GCS_STORAGE_LOCATION, gcsStore, VELERO_GCS } from './service.ts';

/** Google Cloud Storage as the destination of backups by scripts, commands and CronJobs: `destination: gcsBackups`. */
export const gcsBackups = noteMadeOf<BackupStore>(
  {
    name: 'Google Cloud Storage',
    capability: gcsStore.capability,
    urlForm: 'gs://bucket/prefix/',
    variables: { GOOGLE_CLOUD_PROJECT: { meaning: 'the project of the backup bucket' } },
    onlyInDrills: [
      'STORAGE_EMULATOR_HOST',
      'CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE',
      'CLOUDSDK_AUTH_DISABLE_CREDENTIALS',
      'RCLONE_GCS_ENDPOINT',
      'RCLONE_GCS_ANONYMOUS',
    ],
    notEvaluated: [
      'Google Cloud Storage is served by fake-gcs-server, which asks for no credentials: IAM, holds and retention are not evaluated',
    ],
    inCluster: { needs: ['velero', 'gcs', VELERO_GCS], storageLocation: GCS_STORAGE_LOCATION },
    open: async (target, prefix) => {
      const store = await target.place(gcsStore);
      // Loaded when a drill uses the client; listing contracts does not need it.
      const { GcsDestination } = await import('./destination.ts');
      return new GcsDestination(store, prefix);
    },
  },
  { kind: 'gcsBackups', options: [] },
);
