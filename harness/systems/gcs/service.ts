import { service } from '../../model/service.ts';

/** Where a Google Cloud Storage is. It asks for no credentials. */
export interface GcsAddress {
  /** Where its JSON API is, without a path, e.g. `http://127.0.0.1:4443`. */
  readonly endpoint: string;
  readonly projectId: string;
}

/** One with a versioned bucket for off-site backups, outside the blast radius of every asset. */
export interface GcsStore extends GcsAddress {
  readonly backupBucket: string;
}

/** What a contract needs of a target whose Velero writes to that bucket. */
export const VELERO_GCS = 'velero-gcs';

/** The BackupStorageLocation by which it does. */
export const GCS_STORAGE_LOCATION = 'gcs';

/** One for all drills of a run: their buckets, and the backups of contracts that name `gcsBackups`. */
export const gcsStore = service<GcsStore>({ name: 'gcs-store', capability: 'gcs' });
