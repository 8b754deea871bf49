import { expect, test } from 'vitest';
import { sharedTarget } from '../../../testing/shared-target.ts';
import { NAMESPACE_DELETED, NAMESPACE_DELETED_TO_STAGING } from '../disasters.ts';
import { beginDrill, platformConfiguration } from '../testing.ts';

const target = sharedTarget();

const uploads = { name: 'uploads', files: 1_500, largest: '24MiB', beforeBackup: 'sync' };
const files = 'file of volume uploads';

test.for([NAMESPACE_DELETED, NAMESPACE_DELETED_TO_STAGING])(
  '%s: a StatefulSet comes back with every file of its volume, and its hook ran before the backup',
  async (disaster) => {
    await using drill = await beginDrill(target, disaster, { manifests: platformConfiguration, volumes: [uploads] });
    const { asset, step } = drill;
    const before = await asset.identify(step);
    const [, lane] = asset.lanes;
    await lane?.write(1, 'first, before the backup', step.signal);
    await asset.probe.read(step.signal);
    await asset.probe.write(step.signal);
    const point = await drill.backUp();
    await drill.strike();
    await drill.restore(point);
    const { items, firstDifferences, notVerified } = await drill.compare();

    expect(firstDifferences).toEqual([]);
    const matched = new Map(items.map((counts) => [counts.kind, counts]));
    // Small files, the large one, 15 folders of them and `data`, the empty folders and theirs, five links, the root.
    expect(matched.get(files)).toMatchObject({
      expected: 1_500 + 1 + 16 + 5 + 5 + 1,
      missing: 0,
      extra: 0,
      differing: 0,
    });
    expect(matched.get('hook of volume uploads that ran before the backup')).toMatchObject({ matched: 1 });
    expect(matched.get('PersistentVolumeClaim')).toMatchObject({ matched: 1 });
    expect(matched.get('StatefulSet.apps')).toMatchObject({ matched: 1 });
    expect(notVerified.join('\n')).toContain('extended attributes');
    await asset.probe.read(step.signal);
    await asset.probe.write(step.signal);
    expect(await Array.fromAsync(lane?.read(step.signal) ?? [])).toEqual([
      { sequence: 1, body: 'first, before the backup' },
    ]);

    const after = await asset.identify(step);
    expect(after.map(({ what }) => what)).toEqual(before.map(({ what }) => what));
    expect(after.map(({ what }) => what)).toContain('UID of claim data-uploads-0');
    const old = new Set(before.map(({ value }) => value));
    expect(after.filter(({ value }) => old.has(value))).toEqual([]);
    expect(point.sizeBytes).toBeGreaterThan(24 * 2 ** 20);
    console.log(disaster, Object.fromEntries(drill.stagesMs));
  },
);
