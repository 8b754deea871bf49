import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { s3Client } from '../clients/s3.ts';
import type { S3Place } from '../systems/s3/service.ts';
import { arrived, endedByHopelessErrors, type Wait } from '../wait/wait.ts';

const BACKUP_BUCKET = 'kgents-dr-backups';
const REGION = 'us-west-2';
// The first request makes S3 load completely, which takes long on a busy machine.
const READY_BUDGET_MS = 180_000;

/** Makes up credentials for the session; they open nothing afterwards. LocalStack accepts any. */
export function newS3Place(endpoint: string): S3Place {
  return {
    endpoint,
    region: REGION,
    accessKeyId: `DRC${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
    backupBucket: BACKUP_BUCKET,
  };
}

/** Returns the key prefix of a cluster's backups in the bucket. */
export const backupPrefix = (sessionId: string, label: string): string => `velero/${sessionId}-${label}`;

/** Waits until the server serves S3 and holds the versioned bucket for off-site backups. */
export function backupBucketThere(place: S3Place, server = 'LocalStack'): Wait<void> {
  return endedByHopelessErrors({
    for: `${server} at ${place.endpoint} to hold the bucket ${place.backupBucket}`,
    budgetMs: READY_BUDGET_MS,
    look: async (signal) => {
      const client = s3Client(place, { maxAttempts: 1 });
      try {
        const Bucket = place.backupBucket;
        await client.send(
          new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }),
          { abortSignal: signal },
        );
        await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }), {
          abortSignal: signal,
        });
        return arrived(undefined);
      } finally {
        client.destroy();
      }
    },
  });
}
