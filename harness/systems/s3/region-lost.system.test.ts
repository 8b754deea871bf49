import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import type { RecoveryPoint } from '../../model/procedure.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { offRegionCopy } from './off-region-copy.ts';
import { beginDrill, type TestDrill } from './testing.ts';

const target = sharedTarget();
const options = {
  objects: 24,
  prefixes: ['nats/'],
  largest: '6MiB',
  retention: { mode: 'GOVERNANCE', days: 1 },
} as const;
const script = 'fixtures/platform/scripts/buckets/bucket-copy.mjs';
const copies = offRegionCopy({ copy: script, restore: script, schedule: { cron: '*/15 * * * *' } });

async function recover(drill: TestDrill, point: RecoveryPoint): Promise<void> {
  await drill.strike();
  const context = { ...drill.context, environment: drill.asset.environment() };
  await copies.restore(point, { ...context, disasterBegan: systemClock.now() });
}

test('a lost region comes back from the copy, with metadata, tags and locks, as it was at the last copy', async () => {
  await using drill = await beginDrill(target, 'region-lost', options);
  const before = await drill.asset.identify(drill.step);
  const point = await copies.backup(drill.context);
  expect(point.location).toContain('us-east-2');
  const copied = [...drill.markers];
  await recover(drill, point);

  const comparison = await drill.compare();
  expect(comparison.firstDifferences).toEqual([]);
  expect(comparison.items).toMatchObject([{ kind: 'current objects', matched: 22, extra: 0 }]);
  expect(comparison.notVerified[0]).toContain('earlier versions');
  // Only what was acknowledged after the copy is gone.
  expect(await drill.readMarkers()).toEqual(copied);
  expect(drill.markers.length).toBeGreaterThan(copied.length);
  const after = await drill.asset.identify(drill.step);
  for (const [index, { what, value }] of after.entries()) expect(value, what).not.toBe(before[index]?.value);
  await drill.asset.probe.read(drill.step.signal);
  await drill.asset.probe.write(drill.step.signal);
});

test('a second copy brings what is new and takes away what was deleted', async () => {
  await using drill = await beginDrill(target, 'region-lost', { ...options, objects: 6 });
  const first = await copies.backup(drill.context);
  expect(first.claimed).toMatch(/copied=14 unchanged=0 deleted=0 failed=0$/);
  const late = { Bucket: drill.at.bucket, Key: 'nats/late' };
  await drill.at.client.send(new PutObjectCommand({ ...late, Body: 'late' }));
  await copies.backup(drill.context);
  await drill.at.client.send(new DeleteObjectCommand(late));
  const last = await copies.backup(drill.context);
  expect(last.claimed).toMatch(/deleted=1 failed=0$/);
});

test('an object that the copy lost is named', async () => {
  await using drill = await beginDrill(target, 'region-lost', { ...options, objects: 6 });
  const point = await copies.backup(drill.context);
  const { COPY_BUCKET: Bucket = '' } = drill.asset.environment();
  await drill.at.client.send(new DeleteObjectCommand({ Bucket, Key: 'nats/daily/2026-02/with space.txt' }));
  await recover(drill, point);

  expect((await drill.compare()).firstDifferences).toMatchObject([
    { item: 'object "nats/daily/2026-02/with space.txt"', field: 'presence', observed: 'absent' },
  ]);
});

test('a copy in the same region, and one that copies nothing, are no recovery points', async () => {
  await using drill = await beginDrill(target, 'region-lost', { ...options, objects: 3 });
  const { ASSET_BUCKET: asset = '', COPY_REGION: region = '', ...rest } = drill.context.environment;
  const same = {
    ...drill.context,
    environment: { ...rest, ASSET_BUCKET: asset, ASSET_REGION: region, COPY_REGION: region },
  };
  await expect(copies.backup(same)).rejects.toThrow('it is in the same region and would be lost with it');

  const idle = offRegionCopy({ copy: '/bin/true', restore: script, schedule: { cron: '*/15 * * * *' } });
  await expect(idle.backup(drill.context)).rejects.toThrow('it exited 0 and left nothing new there');
});
