import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { s3Client } from '../../clients/s3.ts';
import { conformance, type Sabotage } from '../../conformance/suite.ts';
import type { OpenAsset } from '../../model/asset.ts';
import type { Step } from '../../model/step.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { isReserved } from './keys.ts';
import { bucket } from './kind.ts';
import { type BucketAt, currentObjects } from './listing.ts';
import { s3Store } from './service.ts';
import { platformProcedure } from './testing.ts';

const target = sharedTarget();

/** Sabotages the first object in the bucket that the asset's variables name. */
const toFirstObject =
  (work: (at: BucketAt, key: string) => Promise<unknown>): Sabotage =>
  async (asset: OpenAsset, { signal }: Step) => {
    const client = s3Client(await target.place(s3Store), { maxAttempts: 1 });
    const at = { client, bucket: asset.environment()['ASSET_BUCKET'] ?? '' };
    try {
      for await (const { key } of currentObjects(at, signal)) {
        if (isReserved(key)) continue;
        await work(at, key);
        return;
      }
      throw new Error(`there is no object in ${at.bucket}`);
    } finally {
      client.destroy();
    }
  };

conformance(bucket({ objects: 20, largest: '1MiB', retention: { mode: 'GOVERNANCE', days: 1, everyVersion: true } }), {
  protectedBy: platformProcedure,
  disasters: ['objects-deleted', 'objects-overwritten', 'objects-encrypted'],
  sabotage: {
    drop: toFirstObject(({ client, bucket: Bucket }, Key) => client.send(new DeleteObjectCommand({ Bucket, Key }))),
    alter: toFirstObject(({ client, bucket: Bucket }, Key) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body: 'altered' })),
    ),
    add: toFirstObject(({ client, bucket: Bucket }, Key) =>
      client.send(new PutObjectCommand({ Bucket, Key: `${Key}-added`, Body: 'added' })),
    ),
    reorder: 'has no order',
  },
});
