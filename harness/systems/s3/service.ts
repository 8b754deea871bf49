import type { Secrets } from '../../model/secrets.ts';
import { type OwnPlaceRequest, service } from '../../model/service.ts';

/** An S3 with the bucket of the off-site backups. Its credentials give no access elsewhere. */
export interface S3Place {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Address of the same S3 for pods of this target's clusters; absent if there are none. */
  readonly endpointFromPods?: string;
  /** Bucket of off-site backups, outside the blast radius of every asset. */
  readonly backupBucket: string;
}

/**
 * An S3 with an IAM that checks the signature of every request and enforces the policies of users, as the real one does. It belongs to one
 * check and is otherwise empty. Disposal ends it.
 */
export interface EnforcingStore extends AsyncDisposable {
  /** Name and version of the server, for sentences and records. */
  readonly service: string;
  /** Origin of its program. */
  readonly source: string;
  /** Common address of S3 and IAM, with the credentials of an administrator. */
  readonly s3: S3Place;
  /** Differences from AWS, about which a trial here proves nothing. */
  readonly notEnforced: readonly string[];
}

/** The target's S3, with the bucket of the off-site backups. */
export const s3Store = service<S3Place>({
  name: 's3',
  capability: 's3',
  tellCredentials: (place, secrets) => {
    tellS3(place, secrets);
    return place;
  },
});

/** A store of the caller's own that enforces credentials and policies. */
export const enforcingStore = service<EnforcingStore, OwnPlaceRequest>({
  name: 'enforcing-store',
  capability: 'enforced-access',
  tellCredentials: (store, secrets) => {
    tellS3(store.s3, secrets);
    return store;
  },
});

function tellS3(place: S3Place, secrets: Secrets): void {
  const { accessKeyId, secretAccessKey, endpoint, endpointFromPods, region, backupBucket } = place;
  secrets.add(accessKeyId, "access key id of the target's S3");
  secrets.add(secretAccessKey, "secret access key of the target's S3");
  for (const value of [endpoint, endpointFromPods, region, backupBucket]) secrets.addPublic(value ?? '');
}

/** Returns the credentials of a place, under the names that S3's clients read. */
export const s3Credentials = ({ accessKeyId, secretAccessKey }: S3Place): ReadonlyMap<string, string> =>
  new Map([
    ['AWS_ACCESS_KEY_ID', accessKeyId],
    ['AWS_SECRET_ACCESS_KEY', secretAccessKey],
  ]);

/** Variables with which a program of the platform reaches S3. */
export const storeVariables = ({ endpoint, region, accessKeyId, secretAccessKey }: S3Place) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});
