import { PutBucketTaggingCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../process/run.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { disasters } from './disasters.ts';
import { beginDrill } from './testing.ts';

const target = sharedTarget();

const options = {
  objects: 60,
  prefixes: ['nats/', 'velero/backups/'],
  largest: '12MiB',
  retention: { mode: 'GOVERNANCE', days: 1 },
} as const;

describe.each(disasters.map(({ name }) => name))('%s', (disaster) => {
  test('the platform’s restore brings back every object, version and marker', async () => {
    await using drill = await beginDrill(target, disaster, options);
    const before = await drill.asset.identify(drill.step);
    await drill.strike();
    await drill.restore();
    const comparison = await drill.compare();

    expect(comparison.firstDifferences).toEqual([]);
    for (const counts of comparison.items) {
      expect(counts, counts.kind).toMatchObject({ missing: 0, extra: 0, differing: 0 });
      expect(counts.matched, counts.kind).toBeGreaterThan(0);
    }
    expect(comparison.items[0]?.matched).toBe(54);
    expect(await drill.readMarkers()).toEqual(drill.markers);
    const after = await drill.asset.identify(drill.step);
    expect(after[0]?.value).not.toBe(before[0]?.value);
    await drill.asset.probe.read(drill.step.signal);
    await drill.asset.probe.write(drill.step.signal);
  });

  test('the probe’s read fails until the objects are back', async () => {
    await using drill = await beginDrill(target, disaster, { ...options, objects: 10 });
    await drill.asset.probe.read(drill.step.signal);
    await drill.strike();
    await expect(drill.asset.probe.read(drill.step.signal)).rejects.toThrow();
    await drill.restore();
    await drill.asset.probe.read(drill.step.signal);
  });

  test('a restore that does nothing leaves every current object missing or differing', async () => {
    await using drill = await beginDrill(target, disaster, { ...options, objects: 10 });
    await drill.strike();
    const [current, versions] = (await drill.compare()).items;

    expect(current).toMatchObject({ expected: 9, matched: 0 });
    expect(versions).toMatchObject({ missing: 0, differing: 0 });
    expect(await drill.readMarkers()).not.toEqual(drill.markers);
  });
});

test('a large object is copied in parts with its metadata, tags and retention', async () => {
  await using drill = await beginDrill(target, 'objects-overwritten', { ...options, objects: 5 });
  await drill.strike();
  const env = { ...drill.asset.environment(), RESTORE_COPY_MAX_BYTES: `${5 * 1024 ** 2}` };
  const script = 'fixtures/platform/scripts/buckets/bucket-restore.mjs';
  await runCommand({ name: script, file: process.execPath, args: [script], env }, drill.step.signal);

  expect((await drill.compare()).firstDifferences).toEqual([]);
});

test('a bucket that lost its mark is not destroyed', async () => {
  await using drill = await beginDrill(target, 'objects-deleted', { ...options, objects: 3 });
  const TagSet = [{ Key: 'dr-contracts.session', Value: 'another' }];
  await drill.at.client.send(new PutBucketTaggingCommand({ Bucket: drill.at.bucket, Tagging: { TagSet } }));

  await expect(drill.strike()).rejects.toThrow('its mark is of another session (another)');
  expect((await drill.compare()).firstDifferences).toEqual([]);
});
