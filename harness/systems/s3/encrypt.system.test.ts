import { expect, test } from 'vitest';
import { sharedTarget } from '../../testing/shared-target.ts';
import { beginDrill } from './testing.ts';

const target = sharedTarget();
const options = { objects: 24, prefixes: ['nats/'], largest: '6MiB' } as const;

test('what a lock holds outlives an encryption, and the restore undoes it, the ransom note included', async () => {
  const retention = { mode: 'GOVERNANCE', days: 1, everyVersion: true } as const;
  await using drill = await beginDrill(target, 'objects-encrypted', { ...options, retention });
  await drill.strike();
  const [assurance] = (await drill.asset.assurances?.(drill.step)) ?? [];
  expect(assurance).toMatchObject({ promise: 'untouched', failed: 0 });
  expect(assurance?.observed.map(({ what, held }) => [what, held])).toEqual([
    ['suspending versioning', true],
    ['shortening a retention', true],
    ['deleting a version', true],
  ]);
  // The attack tried every version of the seed and every marker.
  expect(assurance?.checked).toBeGreaterThan(options.objects + drill.markers.length);
  await expect(drill.asset.probe.read(drill.step.signal)).rejects.toThrow();

  await drill.restore();
  const comparison = await drill.compare();
  expect(comparison.firstDifferences).toEqual([]);
  expect(comparison.items[0]).toMatchObject({ kind: 'current objects', matched: 22, extra: 0 });
  expect(await drill.readMarkers()).toEqual(drill.markers);
});

test('without a lock the thief gets what he tries, and both the attack and the comparison say so', async () => {
  await using drill = await beginDrill(target, 'objects-encrypted', options);
  await drill.strike();
  const [assurance] = (await drill.asset.assurances?.(drill.step)) ?? [];
  expect(assurance?.failed).toBeGreaterThan(options.objects);
  expect(assurance?.observed[0]).toMatchObject({ held: false, observed: expect.stringMatching(/^0 of \d+ refused/) });

  await expect(drill.restore()).rejects.toThrow(/versioning is Suspended/);
  expect((await drill.compare()).items[1]).toMatchObject({ kind: 'object versions', matched: 0 });
});
