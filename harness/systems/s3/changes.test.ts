import { expect, it } from 'vitest';
import { planChanges, planWithSpares, probedSamples } from './changes.ts';
import { parseBucketOptions } from './options.ts';

it.each([
  [1, 2],
  [2, 2],
  [7, 2],
  [200, 0],
])('N04: a bucket of %i objects is seeded with %i more, so that there is something to change', (objects, spares) => {
  const spec = parseBucketOptions({ objects, prefixes: ['a/', 'b/'] });
  const { added, overwritten, deleted, spares: seeded } = planChanges(spec, 1);
  expect(seeded).toHaveLength(spares);
  const plan = [...planWithSpares(spec, 1)];
  expect(plan).toHaveLength(objects + spares);
  const keys = new Set(plan.map(({ key }) => key));
  expect([overwritten, deleted].every(({ key, deletedBefore }) => keys.has(key) && !deletedBefore)).toBe(true);
  expect(keys.has(added.key)).toBe(false);
  expect(overwritten.key).not.toBe(deleted.key);
  expect(overwritten.revisions.at(-1)?.sizeBytes).toBeGreaterThan(0);
  const samples = probedSamples(spec, 1).map(({ key }) => key);
  expect(samples.length).toBeGreaterThan(0);
  expect(samples).not.toContain(overwritten.key);
  expect(samples).not.toContain(deleted.key);
});

it('an empty bucket stays empty', () => {
  expect([...planWithSpares(parseBucketOptions({ objects: 0 }), 1)]).toEqual([]);
});
