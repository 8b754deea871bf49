import { expect, it } from 'vitest';
import { measuredGrowth } from './object-life.ts';
import { sizesOf } from './sizes.ts';

const MIB = 1_024 ** 2;
const DAY_MS = 86_400_000;
const point = (sizeBytes: number, day = 0) => ({
  name: `point ${day}`,
  capturedMs: day * DAY_MS,
  objects: [{ name: 'x', sizeBytes, storageClass: undefined }],
});

it('parts of an upload are doubled until there are 10,000 at most', () => {
  const puts = (sizeBytes: number) => sizesOf([point(sizeBytes)], 8 * MIB).movable.puts;
  expect(puts(8 * MIB)).toBe(1);
  expect(puts(80_000 * MIB)).toBe(10_002);
  expect(puts(80_001 * MIB)).toBe(5_003);
  expect(puts(1_024 ** 2 * MIB)).toBe(8_194);
});

it('empty recovery points show no growth', () => {
  expect(measuredGrowth([point(0, 0), point(0, 3)])).toBeUndefined();
});
