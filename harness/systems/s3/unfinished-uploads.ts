import {
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListPartsCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { BucketAt } from './listing.ts';

/** A multipart upload that was begun and neither finished nor aborted. Its parts are billed until then. */
export interface UnfinishedUpload {
  readonly sizeBytes: number;
  readonly storageClass: string;
}

const begun = z.object({ Key: z.string(), UploadId: z.string(), StorageClass: z.string().optional() });
const FORBIDDEN = 403;
const part = z.object({ Size: z.number().int().nonnegative() });
/**
 * Parts of uploads into these classes are billed as STANDARD:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuploadpricing
 */
const STAGED_IN_STANDARD = ['GLACIER', 'DEEP_ARCHIVE'];

/** Returns all of them below a prefix, with the bytes of their parts; null if the account may not list them. */
export async function unfinishedUploads(
  at: BucketAt,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly UnfinishedUpload[] | null> {
  try {
    return await listedUploads(at, prefix, signal);
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === FORBIDDEN) return null;
    throw error;
  }
}

async function listedUploads(at: BucketAt, prefix: string, signal: AbortSignal): Promise<readonly UnfinishedUpload[]> {
  const uploads: UnfinishedUpload[] = [];
  let from: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
  while (from !== undefined) {
    const page: ListMultipartUploadsCommandOutput = await at.client.send(
      new ListMultipartUploadsCommand({ Bucket: at.bucket, Prefix: prefix, ...from }),
      { abortSignal: signal },
    );
    for (const { Key, UploadId, StorageClass = 'STANDARD' } of z.array(begun).parse(page.Uploads ?? [])) {
      // Some stores list the uploads of the whole bucket.
      if (!Key.startsWith(prefix)) continue;
      const storageClass = STAGED_IN_STANDARD.includes(StorageClass) ? 'STANDARD' : StorageClass;
      uploads.push({ storageClass, sizeBytes: await bytesOfParts(at, { Key, UploadId }, signal) });
    }
    from = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
  }
  return uploads;
}

async function bytesOfParts(
  { client, bucket }: BucketAt,
  upload: { readonly Key: string; readonly UploadId: string },
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0;
  let PartNumberMarker: string | undefined;
  do {
    const page: { Parts?: unknown; IsTruncated?: boolean | undefined; NextPartNumberMarker?: string | undefined } =
      await client.send(new ListPartsCommand({ Bucket: bucket, ...upload, PartNumberMarker }), { abortSignal: signal });
    for (const { Size } of z.array(part).parse(page.Parts ?? [])) bytes += Size;
    PartNumberMarker = page.IsTruncated ? z.coerce.string().parse(page.NextPartNumberMarker) : undefined;
  } while (PartNumberMarker !== undefined);
  return bytes;
}
