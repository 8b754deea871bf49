import { type LosablePlace, type OwnPlaceRequest, service } from '../../model/service.ts';

/** Where a Google Cloud Storage is. It asks for no credentials. */
export interface GcsAddress {
  /** Where its JSON API is, without a path, e.g. `http://127.0.0.1:4443`. */
  readonly endpoint: string;
  readonly projectId: string;
}

/** One of a drill's own. */
export type GcsPlace = GcsAddress & LosablePlace;

/** One with a versioned bucket for off-site backups, outside the blast radius of every asset. */
export interface GcsStore extends GcsAddress {
  readonly backupBucket: string;
}

/** What a contract needs of a target whose Velero writes to that bucket. */
export const VELERO_GCS = 'velero-gcs';

/** The BackupStorageLocation by which it does. */
export const GCS_STORAGE_LOCATION = 'gcs';

/** Asked for by each drill. What it stores is gone when it is lost. */
export const ownGcs = service<GcsPlace, OwnPlaceRequest>({ name: 'gcs-server', capability: 'gcs' });

/** The store that scripts, commands and CronJobs upload their backups to where a contract names `gcsBackups`. */
export const gcsStore = service<GcsStore>({ name: 'gcs-store', capability: 'gcs' });
