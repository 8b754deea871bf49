import { service } from '../../model/service.ts';

/** Address of a Google Cloud Storage. It asks for no credentials. */
export interface GcsAddress {
  /** Base URL of its JSON API, without a path, e.g. `http://127.0.0.1:4443`. */
  readonly endpoint: string;
  readonly projectId: string;
}

/** Address with a versioned bucket for off-site backups, outside the blast radius of every asset. */
export interface GcsStore extends GcsAddress {
  readonly backupBucket: string;
}

/** Need of a contract for a target whose Velero writes to that bucket. */
export const VELERO_GCS = 'velero-gcs';

/** BackupStorageLocation of that bucket. */
export const GCS_STORAGE_LOCATION = 'gcs';

/** Shared by all drills of a run: their buckets, and the backups of contracts that name `gcsBackups`. */
export const gcsStore = service<GcsStore>({ name: 'gcs-store', capability: 'gcs' });
