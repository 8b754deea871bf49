import { assert, constantFrom, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { bodyChunks, bodyDigest } from './content.ts';
import { markerKey, markerSequence } from './keys.ts';
import { bucket } from './kind.ts';
import { parseBucketOptions } from './options.ts';
import { planKeys } from './plan.ts';
import { probeSamples } from './probe.ts';

const spec = parseBucketOptions({
  objects: 200,
  prefixes: ['nats/', 'velero/backups/'],
  retention: { mode: 'GOVERNANCE', days: 1 },
});

test('the plan is the same every time and names every key once', () => {
  const [first, second] = [[...planKeys(spec, 1)], [...planKeys(spec, 1)]];
  expect(second).toEqual(first);
  expect(new Set(first.map(({ key }) => key)).size).toBe(200);
});

test('the plan holds every awkward sort of object', () => {
  const plan = [...planKeys(spec, 1)];
  const revisions = plan.flatMap((planned) => planned.revisions);
  expect(revisions.filter(({ sizeBytes }) => sizeBytes === 0).length).toBeGreaterThan(0);
  expect(revisions.filter(({ sizeBytes }) => sizeBytes === 12 * 1024 ** 2)).toHaveLength(1);
  expect(plan.filter(({ deletedBefore }) => deletedBefore)).toHaveLength(20);
  expect(plan.some(({ revisions: { length } }) => length > 2)).toBe(true);
  expect(revisions.some(({ retained }) => retained)).toBe(true);
  expect(revisions.some(({ tags, metadata }) => Object.keys(tags).length * Object.keys(metadata).length > 0)).toBe(
    true,
  );
  expect(plan.some(({ key }) => key.endsWith('emoji-😀'))).toBe(true);
});

test('scale multiplies keys and bytes, the largest object included', () => {
  const bytes = (scale: number) =>
    [...planKeys(spec, scale)].reduce(
      (sum, { revisions }) => sum + revisions.reduce((all, one) => all + one.sizeBytes, 0),
      0,
    );
  expect([...planKeys(spec, 4)]).toHaveLength(800);
  expect(bytes(4) / bytes(1)).toBeGreaterThan(3.5);
  expect(bytes(4) / bytes(1)).toBeLessThan(4.5);
});

test('a body has its size and depends on its label alone', () => {
  assert(
    property(integer({ min: 0, max: 200_000 }), constantFrom('one', 'other'), (sizeBytes, label) => {
      const body = Buffer.concat([...bodyChunks(label, sizeBytes)]);
      expect(body.byteLength).toBe(sizeBytes);
      expect(bodyDigest(label, sizeBytes)).toBe(bodyDigest(label, sizeBytes));
    }),
    { numRuns: 20 },
  );
  expect(bodyDigest('one', 100)).not.toBe(bodyDigest('other', 100));
});

test('the probe reads live objects, and finds one in the smallest bucket', () => {
  const plan = [...planKeys(spec, 1)];
  const live = new Set(plan.filter(({ deletedBefore }) => !deletedBefore).map(({ key }) => key));
  expect(probeSamples(plan)).toHaveLength(5);
  expect(probeSamples(plan).every(({ key }) => live.has(key))).toBe(true);
  expect(probeSamples(planKeys(parseBucketOptions({ objects: 1 }), 1))).toHaveLength(1);
});

test('markers sort by sequence, and a key that is no marker’s has none', () => {
  expect(markerSequence(markerKey(42))).toBe(42);
  expect(markerKey(9) < markerKey(10)).toBe(true);
  expect(markerSequence('dr-marker/forged')).toBe(0);
});

test.each([
  [{ objects: -1 }, 'objects'],
  [{ objects: 1, objets: 2 }, 'objets'],
  [{ objects: 1, largest: 'huge' }, 'largest'],
  [{ objects: 1, prefixes: ['dr-marker/'] }, 'reserved'],
  [{ objects: 1, prefixes: ['no-slash'] }, 'prefixes'],
  [{ objects: 1, nullVersions: true, legalHold: true }, 'nullVersions'],
  [{ objects: 1, versioned: false, legalHold: true }, 'versioned'],
  [{ objects: 1, headers: { 'x-other': 'a' } }, 'headers'],
  [{ objects: 1, prefixes: ['Icon\r/'] }, 'holds the character U+000D, which S3 cannot list'],
  [{ objects: 1, prefixes: ['bell\u0007/'] }, 'holds the character U+0007'],
  [{ objects: 1, prefixes: ['end\uFFFF/'] }, 'holds the character U+FFFF'],
  [{ objects: 1, prefixes: ['half\uD800/'] }, 'holds the character U+D800'],
  [{ objects: 1, prefixes: [`${'n'.repeat(970)}/`] }, 'longer than the 1,024 bytes that S3 takes'],
  [{ objects: 1, retention: { mode: 'COMPLIANCE', days: 1 } }, 'retention.mode'],
  [{ objects: 1, versioned: false, retention: { mode: 'GOVERNANCE', days: 1 } }, 'versioned: true'],
])('options %j are refused by name', (options, named) => {
  expect(() => bucket(JSON.parse(JSON.stringify(options)))).toThrow(named);
});

test('N05: keys that S3 can list are taken, and none is longer than S3 takes', () => {
  const prefixes = [
    'two\nlines/',
    'tab\t/',
    '/abs/',
    'up/../down/',
    './here/',
    `${'n'.repeat(959)}/`,
    'Cafe\u0301/',
    '\u0085/',
  ];
  const taken = parseBucketOptions({ objects: 200, prefixes });
  const longest = Math.max(...[...planKeys(taken, 2)].map(({ key }) => Buffer.byteLength(key)));
  expect(longest).toBeGreaterThan(960);
  expect(longest).toBeLessThanOrEqual(1_024);
});
