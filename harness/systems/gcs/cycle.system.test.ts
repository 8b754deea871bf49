import { describe, expect, test } from 'vitest';
import { script } from '../../procedures/script.ts';
import { sharedTarget } from '../../testing/shared-target.ts';
import { beginSmallDrill } from '../../testing/small-drill.ts';
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
    expect(items.map(({ kind }) => kind)).toEqual(
      disaster === 'region-lost' ? ['objects'] : ['generations', 'objects'],
    );
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

test.each(['objects-deleted', 'region-lost'])('%s: a bucket that lost its mark is not destroyed', async (disaster) => {
  await using drill = await begin(disaster, 5);
  const { GCS_URL: endpoint = '', GCS_PROJECT: projectId = '', ASSET_BUCKET: name = '' } = drill.asset.environment();
  const bucket = gcsClient({ endpoint, projectId }, { attempts: 1 }).bucket(name);
  await bucket.file(MARK).save('another', { resumable: false });
  await expect(drill.strike()).rejects.toThrow('its mark is of another session (another)');
  expect((await drill.compare()).firstDifferences).toEqual([]);
});
