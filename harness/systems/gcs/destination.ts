import type { Bucket } from '@google-cloud/storage';
import { z } from 'zod';
import type { Destination, ListedObject } from '../../model/backup-store.ts';
import type { RecoveryPoint } from '../../model/procedure.ts';
import { bytesOf, gcsClient, listingOf, request, statusOf } from './client.ts';
import type { GcsStore } from './service.ts';

const LOOKED_AT = 20;
const listed = z.object({
  name: z.string(),
  size: z.coerce.number().nonnegative(),
  crc32c: z.string(),
  timeCreated: z.iso.datetime({ offset: true }),
  timeDeleted: z.iso.datetime({ offset: true }).optional(),
});
/** https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
const protectedBy = z.object({
  kmsKeyName: z.string().optional(),
  temporaryHold: z.boolean().optional(),
  eventBasedHold: z.boolean().optional(),
  retentionExpirationTime: z.string().optional(),
});
type Protection = z.output<typeof protectedBy>;

/** A prefix of the bucket for off-site backups. */
export class GcsDestination implements Destination {
  readonly prefix: string;
  readonly bucketUrl: string;
  readonly #store: GcsStore;
  readonly #bucket: Bucket;

  constructor(store: GcsStore, prefix: string) {
    this.prefix = prefix;
    this.bucketUrl = `gs://${store.backupBucket}/`;
    this.#store = store;
    this.#bucket = gcsClient(store, { attempts: 3 }).bucket(store.backupBucket);
  }

  get url(): string {
    return `${this.bucketUrl}${this.prefix}`;
  }

  /**
   * Returns the variables under the names that Google's libraries, gcloud and rclone read. The drill's server asks for no credentials, and
   * pods cannot reach it.
   */
  variables(): ReadonlyMap<string, string> {
    const { endpoint, projectId, backupBucket } = this.#store;
    return new Map([
      ['STORAGE_EMULATOR_HOST', endpoint],
      ['CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE', `${endpoint}/storage/v1/`],
      ['CLOUDSDK_AUTH_DISABLE_CREDENTIALS', 'true'],
      ['RCLONE_GCS_ENDPOINT', `${endpoint}/storage/v1/`],
      ['RCLONE_GCS_ANONYMOUS', 'true'],
      ['GOOGLE_CLOUD_PROJECT', projectId],
      ['BACKUP_BUCKET', backupBucket],
      ['BACKUP_PREFIX', this.prefix],
    ]);
  }

  credentials(): ReadonlyMap<string, string> {
    return new Map();
  }

  async list(signal: AbortSignal, below = this.prefix): Promise<Map<string, ListedObject>> {
    const objects = await this.#look({ prefix: below }, signal);
    return new Map(
      objects.map(({ name, size, crc32c, timeCreated }) => [
        name,
        { key: name, sizeBytes: size, etag: crc32c, modifiedMs: Date.parse(timeCreated) },
      ]),
    );
  }

  async read(key: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    try {
      return await bytesOf(this.#bucket, key, signal);
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async deletedAgain(signal: AbortSignal): Promise<readonly { readonly key: string; readonly livedMs: number }[]> {
    const live = new Set((await this.list(signal)).keys());
    const newest = new Map<string, { readonly createdMs: number; readonly livedMs: number }>();
    for (const { name, timeCreated, timeDeleted } of await this.#look(
      { prefix: this.prefix, versions: true },
      signal,
    )) {
      if (live.has(name) || timeDeleted === undefined) continue;
      const createdMs = Date.parse(timeCreated);
      if (createdMs < (newest.get(name)?.createdMs ?? 0)) continue;
      newest.set(name, { createdMs, livedMs: Math.max(0, Date.parse(timeDeleted) - createdMs) });
    }
    return [...newest].map(([key, { livedMs }]) => ({ key, livedMs }));
  }

  async protection(
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<Pick<RecoveryPoint, 'encryption' | 'immutability'>> {
    const found = await Promise.all(
      keys.slice(0, LOOKED_AT).map(async (key) => {
        const [metadata] = await request(() => this.#bucket.file(key).getMetadata(), signal);
        return protectedBy.parse(metadata);
      }),
    );
    const looked = keys.length > LOOKED_AT ? ` (first ${LOOKED_AT} of ${keys.length} objects)` : '';
    return {
      encryption: `${valuesOf(found, encryptionOf)}${looked}`,
      immutability: `${valuesOf(found, immutabilityOf)}${looked}`,
    };
  }

  async holds(location: string, signal: AbortSignal): Promise<boolean> {
    const prefix = location.slice(this.bucketUrl.length);
    for await (const _ of listingOf(this.#bucket, { prefix, most: 1 }, signal)) return true;
    return false;
  }

  [Symbol.dispose](): void {
    // The library keeps nothing open that needs closing.
  }

  async #look(
    query: { readonly prefix: string; readonly versions?: boolean },
    signal: AbortSignal,
  ): Promise<readonly z.output<typeof listed>[]> {
    return await Array.fromAsync(listingOf(this.#bucket, query, signal), (each) => listed.parse(each));
  }
}

const valuesOf = (found: readonly Protection[], pick: (each: Protection) => string): string =>
  [...new Set(found.map(pick))].join('; ');

const encryptionOf = ({ kmsKeyName }: Protection): string =>
  kmsKeyName === undefined ? 'none by a key of your own; Google encrypts what it stores' : `key ${kmsKeyName}`;

function immutabilityOf({ temporaryHold, eventBasedHold, retentionExpirationTime }: Protection): string {
  const kinds = [
    ...(temporaryHold === true ? ['temporary hold'] : []),
    ...(eventBasedHold === true ? ['event-based hold'] : []),
    ...(retentionExpirationTime === undefined ? [] : [`retention until ${retentionExpirationTime}`]),
  ];
  return kinds.length === 0
    ? 'versioned, no hold and no retention'
    : `${kinds.join(', ')}; not enforced by this server`;
}
