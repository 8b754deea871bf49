import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import type { Destination } from '../../model/backup-store.ts';
import type { RecoveryPoint } from '../../model/procedure.ts';

const MAX_RESULTS_BYTES = 16 * 2 ** 20;
const MAX_MESSAGES = 50;

const resultSchema = z.looseObject({
  velero: z.array(z.string()).nullish(),
  cluster: z.array(z.string()).nullish(),
  namespaces: z.record(z.string(), z.array(z.string())).nullish(),
});
const resultsSchema = z.looseObject({ errors: resultSchema.optional(), warnings: resultSchema.optional() });

/** What lies in the bucket for one backup. */
export interface StoredBackup extends StoredFiles, Pick<RecoveryPoint, 'encryption' | 'immutability' | 'archived'> {
  /** True when the archive with the objects and the metadata that a new cluster needs are both there. */
  readonly restorable: boolean;
}

export interface Results {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

/** What lies in the bucket for the files of a namespace's volumes: one repository, shared by all its backups. */
export interface StoredFiles {
  readonly objects: number;
  readonly sizeBytes: number;
  readonly digest: string;
}

/** Looks into the bucket that Velero writes to, past Velero. */
export class VeleroBucket implements Disposable {
  readonly #destination: Destination;

  /** @param destination the prefix of Velero's storage location, with its `/`. */
  constructor(destination: Destination) {
    this.#destination = destination;
  }

  location(backup: string): string {
    return `${this.#destination.bucketUrl}${this.#backupFolder(backup)}`;
  }

  async stored(backup: string, signal: AbortSignal): Promise<StoredBackup> {
    const folder = this.#backupFolder(backup);
    const archive = `${folder}${backup}.tar.gz`;
    const missing = new Set([archive, `${folder}velero-backup.json`]);
    const found = await this.#lying(folder, signal, (key) => missing.delete(key));
    const protection = missing.has(archive)
      ? { encryption: 'none', immutability: 'none' }
      : await this.#destination.protection([archive], signal);
    return { ...found, restorable: missing.size === 0, ...protection };
  }

  /** The files of volumes, which Velero keeps apart from its backups (https://velero.io/docs/v1.18/file-system-backup/). */
  async storedFiles(namespace: string, signal: AbortSignal): Promise<StoredFiles> {
    return await this.#lying(`${this.#destination.prefix}kopia/${namespace}/`, signal, () => undefined);
  }

  async #lying(prefix: string, signal: AbortSignal, notEmpty: (key: string) => unknown): Promise<StoredFiles> {
    const hash = createHash('sha256');
    let [objects, sizeBytes] = [0, 0];
    for (const found of (await this.#destination.list(signal, prefix)).values()) {
      objects += 1;
      sizeBytes += found.sizeBytes;
      if (found.sizeBytes > 0) notEmpty(found.key);
      hash.update(`${found.key}\t${found.sizeBytes}\t${found.etag}\n`);
    }
    return { objects, sizeBytes, digest: `sha256:${hash.digest('hex')} (over keys, sizes and etags)` };
  }

  /** What Velero wrote down about a backup or a restore; nothing when it wrote no results. */
  async results(of: { readonly backup: string } | { readonly restore: string }, signal: AbortSignal): Promise<Results> {
    const key =
      'backup' in of
        ? `${this.#backupFolder(of.backup)}${of.backup}-results.gz`
        : `${this.#destination.prefix}restores/${of.restore}/restore-${of.restore}-results.gz`;
    const compressed = await this.#destination.read(key, signal);
    if (compressed === undefined) return { errors: [], warnings: [] };
    const text = await promisify(gunzip)(compressed, { maxOutputLength: MAX_RESULTS_BYTES });
    const { errors, warnings } = resultsSchema.parse(JSON.parse(text.toString()));
    return { errors: messagesIn(errors), warnings: messagesIn(warnings) };
  }

  [Symbol.dispose](): void {
    this.#destination[Symbol.dispose]();
  }

  #backupFolder(backup: string): string {
    return `${this.#destination.prefix}backups/${backup}/`;
  }
}

function messagesIn(result: z.infer<typeof resultSchema> | undefined): string[] {
  return [
    ...(result?.velero ?? []),
    ...(result?.cluster ?? []).map((message) => `cluster: ${message}`),
    ...Object.entries(result?.namespaces ?? {}).flatMap(([namespace, messages]) =>
      messages.map((message) => `${namespace}: ${message}`),
    ),
  ].slice(0, MAX_MESSAGES);
}
