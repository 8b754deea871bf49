import { expect, test } from 'vitest';
import { sharedTarget } from '../../testing/shared-target.ts';
import type { BucketOptions } from './options.ts';
import { beginDrill } from './testing.ts';

const target = sharedTarget();

const headers = {
  'content-encoding': 'gzip',
  'content-disposition': 'attachment; filename="size.txt"',
  'website-redirect-location': '/elsewhere',
} as const;

const shapes: Record<string, BucketOptions> = {
  'six versions of a key': { objects: 20, largest: '64KiB', versions: 6 },
  'versions from before the bucket had versions': { objects: 20, largest: '64KiB', nullVersions: true },
  'legal holds': { objects: 20, largest: '64KiB', legalHold: true },
  'headers of every sort': { objects: 20, largest: '6MiB', headers },
  'N05: awkward prefixes': {
    objects: 8,
    largest: '64KiB',
    prefixes: ['two\nlines/', '/abs/', 'up/../down/', 'Cafe\u0301/'],
  },
};

test.each(Object.entries(shapes))('%s come back by the platform’s restore', async (_, options) => {
  await using drill = await beginDrill(target, 'objects-deleted', options);
  await drill.strike();
  await drill.restore();
  const { items, firstDifferences } = await drill.compare();
  expect(firstDifferences).toEqual([]);
  for (const counts of items) expect(counts, counts.kind).toMatchObject({ missing: 0, extra: 0, differing: 0 });
  expect(items.reduce((sum, { matched }) => sum + matched, 0)).toBe(drill.expected.items);
  expect(await drill.readMarkers()).toEqual(drill.markers);
});

test('every one of them is in the fingerprint', async () => {
  const versions = async (options: BucketOptions) => {
    await using drill = await beginDrill(target, 'objects-deleted', options);
    return drill.expected.kinds.find(({ kind }) => kind === 'object versions')?.items ?? 0;
  };
  expect(await versions({ objects: 20, versions: 6 })).toBeGreaterThan(await versions({ objects: 20 }));
});
