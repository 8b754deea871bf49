import { DeleteObjectCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { sharedTarget } from '../../testing/shared-target.ts';
import { freshSecond } from './disaster.ts';
import { currentObjects } from './listing.ts';
import { s3Store } from './service.ts';
import { beginDrill, platformProcedure } from './testing.ts';
import { versioning } from './versioning.ts';

const target = sharedTarget();

test('a bucket that was never versioned has no backup', async () => {
  await using drill = await beginDrill(target, 'objects-deleted', {
    objects: 3,
    largest: '1MiB',
    versioned: false,
  });
  await expect(platformProcedure.backup(drill.context)).rejects.toThrow('versioning is never enabled');
});

test('suspended versioning is no backup', async () => {
  await using drill = await beginDrill(target, 'objects-deleted', { objects: 3, largest: '1MiB' });
  const VersioningConfiguration = { Status: 'Suspended' } as const;
  await drill.at.client.send(new PutBucketVersioningCommand({ Bucket: drill.at.bucket, VersioningConfiguration }));
  await expect(platformProcedure.backup(drill.context)).rejects.toThrow('versioning is Suspended');
});

test('the recovery point is what the bucket holds', async () => {
  await using drill = await beginDrill(target, 'objects-deleted', { objects: 10, largest: '1MiB' });
  const point = await platformProcedure.backup(drill.context);
  expect(point).toMatchObject({ location: `s3://${drill.at.bucket}?versions`, encryption: 'AES256' });
  // Ten keys, two of them with two or three versions, and six markers.
  expect(point.objects).toBeGreaterThanOrEqual(18);
  expect(point.sizeBytes).toBeGreaterThan(1024 ** 2);
  expect(point.captureBegan).toEqual(point.durable);
});

test('a restore script that is absent is named', async () => {
  await using drill = await beginDrill(target, 'objects-deleted', { objects: 3, largest: '1MiB' });
  await expect(drill.restore(versioning({ restore: 'no/such/script.mjs' }))).rejects.toThrow('no/such/script.mjs');
});

test('the script undoes what came after the point, and tells a write from a deletion in the same second', async () => {
  await using drill = await beginDrill(target, 'objects-deleted', { objects: 0 });
  const { at, step } = drill;
  const put = (Key: string) => at.client.send(new PutObjectCommand({ Bucket: at.bucket, Key, Body: Key }));
  const remove = (Key: string) => at.client.send(new DeleteObjectCommand({ Bucket: at.bucket, Key }));
  await freshSecond(at, step);
  await Promise.all([
    put('written then deleted').then(() => remove('written then deleted')),
    put('deleted then written')
      .then(() => remove('deleted then written'))
      .then(() => put('deleted then written')),
    put('kept'),
  ]);
  const point = await freshSecond(at, step);
  await Promise.all([put('written then deleted'), remove('deleted then written'), put('created after')]);
  const environment = { ...drill.asset.environment(), RECOVERY_POINT_TIME: point };
  const recoveryPoint = await platformProcedure.backup(drill.context);
  const disasterBegan = step.clock.now();
  const report = await platformProcedure.restore(recoveryPoint, { ...drill.context, environment, disasterBegan });

  const current = await Array.fromAsync(currentObjects(at, step.signal));
  const own = current.map(({ key }) => key).filter((key) => !key.startsWith('dr-'));
  expect(own).toEqual(['deleted then written', 'kept']);
  expect(report.claimed).toContain('failed=0');
  expect(report.commands.join()).not.toContain((await target.place(s3Store)).secretAccessKey);
});
