import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, vi } from 'vitest';
import { s3Client } from '../../../clients/s3.ts';
import type { S3Place } from '../../../systems/s3/service.ts';

export interface LedgerBucket {
  readonly name: string;
  /** Returns the `s3://…` address of a prefix in the bucket, at that endpoint. */
  at(prefix: string, endpoint?: string): string;
}

/** Creates a bucket for the tests of a file, with credentials in the environment, as for users. It removes the bucket after them. */
export function ledgerBucket(s3: S3Place, purpose: string): LedgerBucket {
  const client = s3Client(s3);
  const name = `${purpose}-${process.pid}`;
  beforeAll(async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', s3.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3.secretAccessKey);
    await client.send(new CreateBucketCommand({ Bucket: name }));
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    for (;;) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: name }));
      if (Contents.length === 0) break;
      for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket: name, Key }));
    }
    await client.send(new DeleteBucketCommand({ Bucket: name }));
    client.destroy();
  });
  return {
    name,
    at: (prefix, endpoint = s3.endpoint) =>
      `s3://${name}/${prefix}?region=${s3.region}&endpoint=${encodeURIComponent(endpoint)}`,
  };
}
