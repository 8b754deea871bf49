import { describe, expect, test } from 'vitest';
import { script } from '../../procedures/script.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { beginSmallDrill, type SmallDrill } from '../../testing/small-drill.ts';
import { gcsBackups } from './backup-store.ts';
import { gcsClient } from './client.ts';
import { disasters } from './disasters.ts';
import { gcsBucket } from './kind.ts';
import { MARK } from './names.ts';

const target = sharedTarget();
const objects = 'fixtures/platform/scripts/gcs/bucket-objects-gcs.mjs';
const copied = script({
  backup: objects,
  restore: objects,
  schedule: { cron: '0 * * * *' },
  prefix: 'objects/',
  destination: gcsBackups,
});

const begin = (disaster: string, count = 30) =>
  beginSmallDrill({
    target,
    disaster,
    kind: gcsBucket({ objects: count, largest: '1MiB' }),
    procedure: copied,
    budgetMs: 120_000,
    goneBudgetMs: 10_000,
    markers: { beforeBackup: 3 },
  });

function bucketOf({ asset }: SmallDrill) {
  const { GCS_URL: endpoint = '', GCS_PROJECT: projectId = '', ASSET_BUCKET: name = '' } = asset.environment();
  return gcsClient({ endpoint, projectId }, { attempts: 1 }).bucket(name);
}

describe.each(disasters.map(({ name }) => name))('%s', (disaster) => {
  test('the backup brings back every object with its metadata, and every marker', async () => {
    await using drill = await begin(disaster);
    const point = await drill.backUp();
    const before = await drill.asset.identify(drill.step);
    await drill.strike();
    await expect(drill.asset.probe.read(drill.step.signal)).rejects.toThrow();
    await drill.restore(point);
    const { firstDifferences, items } = await drill.compare();

    expect(firstDifferences).toEqual([]);
    for (const counts of items) expect(counts, counts.kind).toMatchObject({ missing: 0, extra: 0, differing: 0 });
    expect(items.map(({ kind }) => kind)).toEqual([
      ...(disaster === 'region-lost' ? [] : ['generations']),
      'objects',
      'settings that protect the bucket',
    ]);
    expect(await drill.readMarkers()).toEqual(drill.markers);
    expect((await drill.asset.identify(drill.step))[0]?.value).not.toBe(before[0]?.value);
    await drill.asset.probe.read(drill.step.signal);
    await drill.asset.probe.write(drill.step.signal);
  });

  test('a restore that does nothing leaves every live object missing or differing', async () => {
    await using drill = await begin(disaster, 12);
    await drill.strike();
    const live = (await drill.compare()).items.find(({ kind }) => kind === 'objects');
    expect(live).toMatchObject({ matched: 0 });
    expect(live?.expected).toBeGreaterThan(5);
    expect(await drill.readMarkers()).not.toEqual(drill.markers);
  });
});

test.each(disasters.map(({ name }) => name))('%s: a restore that leaves versioning off is told', async (disaster) => {
  await using drill = await begin(disaster, 8);
  const point = await drill.backUp();
  await drill.strike();
  await drill.restore(point);
  await bucketOf(drill).setMetadata({ versioning: { enabled: false } });
  const { items, firstDifferences } = await drill.compare();
  expect(items.at(-1)).toMatchObject({ kind: 'settings that protect the bucket', differing: 1, protects: true });
  expect(firstDifferences).toMatchObject([
    { field: 'object versioning', expected: 'enabled', observed: 'not enabled' },
  ]);
});

test('a script that copies within the server of Google, by a client without an address of its own, finds both buckets', async () => {
  await using drill = await begin('objects-deleted', 5);
  const { GCS_URL } = drill.asset.environment();
  using destination = await gcsBackups.open(target, '');
  expect(destination.variables('process').get('STORAGE_EMULATOR_HOST')).toBe(GCS_URL);
});

test('an object without a name, which Google would refuse, leaves the drill unproven and the run alive', async () => {
  await using drill = await begin('objects-deleted', 5);
  const bucket = bucketOf(drill);
  const url = `${bucket.storage.apiEndpoint}/upload/storage/v1/b/${bucket.name}/o?uploadType=multipart`;
  const parts = ['application/json\r\n\r\n{"name":""}', 'text/plain\r\n\r\ndata'];
  const body = `${parts.map((part) => `--x\r\ncontent-type: ${part}\r\n`).join('')}--x--`;
  await fetch(url, { method: 'POST', headers: { 'content-type': 'multipart/related; boundary=x' }, body });
  await expect(drill.compare()).rejects.toThrow('at least one object has an empty name');
});

test.each(['objects-deleted', 'region-lost'])('%s: a bucket that lost its mark is not destroyed', async (disaster) => {
  await using drill = await begin(disaster, 5);
  await bucketOf(drill).file(MARK).save('another', { resumable: false });
  await expect(drill.strike()).rejects.toThrow('its mark is of another session (another)');
  expect((await drill.compare()).firstDifferences).toEqual([]);
});
