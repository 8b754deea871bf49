import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { s3Client } from '../clients/s3.ts';
import type { S3Place } from '../systems/s3/service.ts';

const MAX_RESULTS_BYTES = 16 * 2 ** 20;
const MAX_MESSAGES = 50;

const resultSchema = z.looseObject({
  velero: z.array(z.string()).nullish(),
  cluster: z.array(z.string()).nullish(),
  namespaces: z.record(z.string(), z.array(z.string())).nullish(),
});
const resultsSchema = z.looseObject({ errors: resultSchema.optional(), warnings: resultSchema.optional() });

/** What lies in the bucket for one backup. */
export interface StoredBackup {
  readonly objects: number;
  readonly sizeBytes: number;
  readonly digest: string;
  /** True when the archive with the objects and the metadata that a new cluster needs are both there. */
  readonly restorable: boolean;
  readonly encryption: string;
  readonly immutability: string;
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
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(place: S3Place, prefix: string) {
    this.#client = s3Client(place);
    this.#bucket = place.backupBucket;
    this.#prefix = prefix.replace(/\/+$/, '');
  }

  location(backup: string): string {
    return `s3://${this.#bucket}/${this.#backupFolder(backup)}`;
  }

  async stored(backup: string, signal: AbortSignal): Promise<StoredBackup> {
    const folder = this.#backupFolder(backup);
    const archive = `${folder}${backup}.tar.gz`;
    const missing = new Set([archive, `${folder}velero-backup.json`]);
    const protection = this.#protection(archive, signal);
    protection.catch(() => undefined);
    const found = await this.#lying(folder, signal, (key) => missing.delete(key));
    return { ...found, restorable: missing.size === 0, ...(await protection) };
  }

  /** The files of volumes, which Velero keeps apart from its backups (https://velero.io/docs/v1.18/file-system-backup/). */
  async storedFiles(namespace: string, signal: AbortSignal): Promise<StoredFiles> {
    return await this.#lying(`${this.#prefix}/kopia/${namespace}/`, signal, () => undefined);
  }

  async #lying(prefix: string, signal: AbortSignal, notEmpty: (key: string) => unknown): Promise<StoredFiles> {
    const hash = createHash('sha256');
    let [objects, sizeBytes] = [0, 0];
    const pages = paginateListObjectsV2(
      { client: this.#client },
      { Bucket: this.#bucket, Prefix: prefix },
      { abortSignal: signal },
    );
    for await (const page of pages) {
      for (const { Key = '', Size = 0, ETag = '' } of page.Contents ?? []) {
        objects += 1;
        sizeBytes += Size;
        if (Size > 0) notEmpty(Key);
        hash.update(`${Key}\t${Size}\t${ETag}\n`);
      }
    }
    return { objects, sizeBytes, digest: `sha256:${hash.digest('hex')} (over keys, sizes and etags)` };
  }

  /** What Velero wrote down about a backup or a restore; nothing when it wrote no results. */
  async results(of: { readonly backup: string } | { readonly restore: string }, signal: AbortSignal): Promise<Results> {
    const key =
      'backup' in of
        ? `${this.#backupFolder(of.backup)}${of.backup}-results.gz`
        : `${this.#prefix}/restores/${of.restore}/restore-${of.restore}-results.gz`;
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }), {
        abortSignal: signal,
      });
      const compressed = (await Body?.transformToByteArray()) ?? new Uint8Array();
      const text = await promisify(gunzip)(compressed, { maxOutputLength: MAX_RESULTS_BYTES });
      const { errors, warnings } = resultsSchema.parse(JSON.parse(text.toString()));
      return { errors: messagesIn(errors), warnings: messagesIn(warnings) };
    } catch (error) {
      if (error instanceof NoSuchKey) return { errors: [], warnings: [] };
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#client.destroy();
  }

  async #protection(key: string, signal: AbortSignal): Promise<{ encryption: string; immutability: string }> {
    try {
      const head = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }), {
        abortSignal: signal,
      });
      const until = head.ObjectLockRetainUntilDate?.toISOString();
      return {
        encryption: head.ServerSideEncryption ?? 'none',
        immutability: until === undefined ? 'none' : `${head.ObjectLockMode ?? 'locked'} until ${until}`,
      };
    } catch (error) {
      if (error instanceof NotFound) return { encryption: 'none', immutability: 'none' };
      throw error;
    }
  }

  #backupFolder(backup: string): string {
    return `${this.#prefix}/backups/${backup}/`;
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
