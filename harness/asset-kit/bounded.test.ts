import { array, assert, asyncProperty, string } from 'fast-check';
import { expect, test } from 'vitest';
import { forEachBounded, inBatches, mapOrdered } from './bounded.ts';

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
  const items = async function* () {
    yield* ['a', 'b', 'c', 'd', 'e'];
  };
  expect(await Array.fromAsync(inBatches(items(), 2))).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
});
