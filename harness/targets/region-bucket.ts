import {
  BucketAlreadyExists,
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  NoSuchBucket,
  NotFound,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { s3Client } from '../clients/s3.ts';
import { summaryOf } from '../model/errors.ts';
import type { S3Place } from '../systems/s3/service.ts';

/** A versioned bucket of a single pair, in its AWS region. Disposal removes it with all its contents, once. */
export class RegionBucket implements AsyncDisposable {
  readonly name: string;
  readonly #client: S3Client;
  #removal: Promise<void> | undefined;

  private constructor(name: string, client: S3Client) {
    this.name = name;
    this.#client = client;
  }

  static async make(
    name: string,
    region: BucketLocationConstraint,
    place: S3Place,
    signal: AbortSignal,
  ): Promise<RegionBucket> {
    const client = s3Client({ ...place, region });
    const bucket = new RegionBucket(name, client);
    try {
      await client.send(
        new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { LocationConstraint: region } }),
        { abortSignal: signal },
      );
      await client.send(
        new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: 'Enabled' } }),
        { abortSignal: signal },
      );
      return bucket;
    } catch (error) {
      // A request that timed out may have taken effect; a bucket of another owner stays.
      if (error instanceof BucketAlreadyExists) client.destroy();
      else await removeAfter(error, bucket);
      throw error;
    }
  }

  /**
   * Removes every version and every delete marker, page by page. Each page is listed from the start, because the entries of the last one
   * are gone by then.
   */
  async empty(): Promise<void> {
    for (;;) {
      const Objects = await this.#page();
      if (Objects.length === 0) return;
      await this.#client.send(new DeleteObjectsCommand({ Bucket: this.name, Delete: { Objects } }));
    }
  }

  async isEmpty(signal: AbortSignal): Promise<boolean> {
    return (await this.#page(signal)).length === 0;
  }

  /** @throws when S3 does not say whether the bucket exists. */
  async isThere(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.name }), { abortSignal: signal });
      return true;
    } catch (error) {
      if (error instanceof NotFound) return false;
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    try {
      await this.empty();
      await this.#client.send(new DeleteBucketCommand({ Bucket: this.name }));
    } catch (error) {
      if (!(error instanceof NoSuchBucket)) throw error;
    } finally {
      this.#client.destroy();
    }
  }

  async #page(abortSignal?: AbortSignal) {
    const { Versions = [], DeleteMarkers = [] } = await this.#client.send(
      new ListObjectVersionsCommand({ Bucket: this.name }),
      abortSignal === undefined ? {} : { abortSignal },
    );
    return [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
  }
}

/** @throws {AggregateError} of both errors when the removal also fails; the first error stays the first. */
async function removeAfter(error: unknown, bucket: RegionBucket): Promise<void> {
  try {
    await bucket[Symbol.asyncDispose]();
  } catch (removal) {
    throw new AggregateError([error, removal], summaryOf(error), { cause: error });
  }
}
