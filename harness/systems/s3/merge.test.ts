import { array, assert, asyncProperty, string, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from './keys.ts';
import { mergeByKey } from './merge.ts';
import { forEachBounded, inBatches, mapOrdered } from './pool.ts';

async function* stream(keys: readonly string[]) {
  for (const key of keys) yield { key };
}
const keys = uniqueArray(string({ unit: 'binary' })).map((some) => some.toSorted(compareKeys));

test('every key comes out once, in order, paired where both sides have it', async () => {
  await assert(
    asyncProperty(keys, keys, async (expected, observed) => {
      const pairs = await Array.fromAsync(mergeByKey(stream(expected), stream(observed)));
      expect(pairs.flatMap((pair) => pair.expected?.key ?? [])).toEqual(expected);
      expect(pairs.flatMap((pair) => pair.observed?.key ?? [])).toEqual(observed);
      expect(pairs.map(({ key }) => key)).toEqual([...new Set([...expected, ...observed])].toSorted(compareKeys));
    }),
  );
});

test('a stream that is not sorted is an error, not a silent mismatch', async () => {
  await expect(Array.fromAsync(mergeByKey(stream(['a']), stream(['b', 'a'])))).rejects.toThrow('not sorted');
});

test('keys are ordered by UTF-8 bytes: U+FF01 comes before an emoji', () => {
  expect(['emoji-😀', 'emoji-！'].toSorted(compareKeys)).toEqual(['emoji-！', 'emoji-😀']);
});

test('results keep the order of the items however the work is timed', async () => {
  await assert(
    asyncProperty(array(string()), async (items) => {
      const work = async (item: string) => {
        for (let turn = item.length; turn > 0; turn -= 1) await Promise.resolve();
        return item;
      };
      expect(await Array.fromAsync(mapOrdered(items, 3, work))).toEqual(items);
    }),
  );
});

test('no more than the limit is under way', async () => {
  let underWay = 0;
  let most = 0;
  await forEachBounded(Array.from({ length: 20 }), 4, async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise(setImmediate);
    underWay -= 1;
  });
  expect(most).toBe(4);
});

test('a failure is thrown after what is under way has ended, and nothing new is begun', async () => {
  const begun: number[] = [];
  let ended = 0;
  const run = forEachBounded([1, 2, 3, 4, 5, 6], 3, async (item) => {
    begun.push(item);
    await Promise.resolve();
    if (item === 1) throw new Error('the first failed');
    await new Promise(setImmediate);
    ended += 1;
  });
  await expect(run).rejects.toThrow('the first failed');
  expect(begun).toEqual([1, 2, 3]);
  expect(ended).toBe(2);
});

test('batches hold every item once', async () => {
  const items = stream(['a', 'b', 'c', 'd', 'e']);
  const batches = await Array.fromAsync(inBatches(items, 2));
  expect(batches.map((batch) => batch.map(({ key }) => key))).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
});
