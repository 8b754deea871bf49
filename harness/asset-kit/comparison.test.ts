import { assert, asyncProperty, string, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';
import { compareKeys } from '../systems/s3/keys.ts';
import { mergeByKey } from './comparison.ts';

async function* stream(keys: readonly string[]) {
  for (const key of keys) yield { key };
}
const keys = uniqueArray(string({ unit: 'binary' })).map((some) => some.toSorted(compareKeys));

test('every key comes out once, in order, paired where both sides have it', async () => {
  await assert(
    asyncProperty(keys, keys, async (expected, observed) => {
      const pairs = await Array.fromAsync(mergeByKey(stream(expected), stream(observed), compareKeys));
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
