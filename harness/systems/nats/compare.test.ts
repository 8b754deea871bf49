import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { LineWriter } from '../../asset-kit/record-file.ts';
import type { Fingerprint } from '../../model/asset.ts';
import { compareFingerprints } from './compare.ts';
import { placesOf } from './names.ts';
import { parseOptions } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'dr-compare-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const places = placesOf(parseOptions({ streams: [{ name: 'orders', subjects: ['orders.paid'], messages: 1 }] }), 'd1');
const step = { signal: new AbortController().signal };

type Messages = ReadonlyMap<number, string>;
const allOf = (sequences: readonly number[]): Messages => new Map(sequences.map((sequence) => [sequence, 'same']));
const consumer = (ackFloor: number) =>
  `consumer\tbilling\t${JSON.stringify({ 'ack floor': `stream sequence ${ackFloor}`, delivered: '9' })}`;

function fingerprint(
  name: string,
  messages: Messages,
  descriptions: readonly string[] = ['config\t{"retention":"limits"}'],
): Fingerprint {
  const path = join(folder, name);
  using writer = new LineWriter(path);
  writer.write('place\torders_d1');
  for (const description of descriptions) writer.write(description);
  for (const [sequence, payload] of [...messages].sort(([a], [b]) => a - b)) {
    writer.write(`message\t${sequence}\t1\td1.orders.paid\t-\t${payload}\t4`);
  }
  return { path, items: messages.size, bytes: 0, digest: writer.finish(), kinds: [] };
}

async function compareMessages(expected: Messages, observed: Messages) {
  const comparison = await compareFingerprints(fingerprint('a', expected), fingerprint('b', observed), places, step);
  return { comparison, messages: comparison.items.find(({ kind }) => kind === 'messages') };
}

test('every message is counted once: missing, extra, differing or matched', async () => {
  const side = fc.dictionary(fc.integer({ min: 1, max: 40 }).map(String), fc.constantFrom('p', 'q'));
  await fc.assert(
    fc.asyncProperty(side, side, async (left, right) => {
      const [expected, observed] = [left, right].map(
        (each) => new Map(Object.entries(each).map(([k, v]) => [Number(k), v])),
      );
      const both = [...(expected ?? [])].filter(([sequence]) => observed?.has(sequence));
      const matched = both.filter(([sequence, payload]) => observed?.get(sequence) === payload).length;
      const size = { expected: expected?.size ?? 0, restored: observed?.size ?? 0 };
      const { messages } = await compareMessages(expected ?? new Map(), observed ?? new Map());
      const counts = {
        kind: 'messages',
        ...size,
        matched,
        differing: both.length - matched,
        missing: size.expected - both.length,
        extra: size.restored - both.length,
      };
      expect(messages).toEqual(size.expected + size.restored === 0 ? undefined : counts);
    }),
    { numRuns: 60 },
  );
});

describe('a difference', () => {
  test('names the message, the field and both values', async () => {
    const { comparison } = await compareMessages(allOf([1, 2, 3]), new Map([...allOf([1, 3]), [2, 'other']]));
    expect(comparison.firstDifferences).toEqual([
      { item: 'stream orders_d1 message 2', field: 'payload sha256', expected: 'same', observed: 'other' },
    ]);
  });

  test('of a consumer names its ack floor', async () => {
    const comparison = await compareFingerprints(
      fingerprint('a', allOf([1]), ['config\t{}', consumer(5)]),
      fingerprint('b', allOf([1]), ['config\t{}', consumer(0)]),
      places,
      step,
    );
    expect(comparison.firstDifferences).toEqual([
      {
        item: 'consumer billing of stream orders_d1',
        field: 'ack floor',
        expected: 'stream sequence 5',
        observed: 'stream sequence 0',
      },
    ]);
    expect(comparison.items.find(({ kind }) => kind === 'consumers')).toMatchObject({ differing: 1, matched: 0 });
  });

  test('of many messages does not hide the one of a consumer', async () => {
    const comparison = await compareFingerprints(
      fingerprint('a', allOf([...Array(50).keys()]), ['config\t{}', consumer(5)]),
      fingerprint('b', allOf([]), ['config\t{}']),
      places,
      step,
    );
    expect(comparison.firstDifferences.length).toBeLessThan(20);
    expect(comparison.firstDifferences).toContainEqual(
      expect.objectContaining({ item: 'consumer billing of stream orders_d1', observed: 'missing' }),
    );
    expect(comparison.items.find(({ kind }) => kind === 'messages')).toMatchObject({ missing: 50, matched: 0 });
  });
});

test('a stream that was not restored at all is missing with everything in it', async () => {
  const comparison = await compareFingerprints(
    fingerprint('a', allOf([1, 2])),
    fingerprint('b', allOf([]), ['absent']),
    places,
    step,
  );
  expect(comparison.items.map(({ kind, missing }) => [kind, missing])).toEqual([
    ['stream configurations', 1],
    ['messages', 2],
  ]);
});

test('a fingerprint that was changed after it was taken is refused', async () => {
  const expected = { ...fingerprint('a', allOf([1])), digest: 'sha256:other' };
  await expect(compareFingerprints(expected, fingerprint('b', allOf([1])), places, step)).rejects.toThrow(
    /the harness's own record/,
  );
});

test('B12: a file of what came back that was damaged accuses nobody', async () => {
  const expected = fingerprint('a', allOf([1, 2, 3]));
  const observed = fingerprint('b', allOf([1, 2, 3]));
  truncateSync(observed.path, readFileSync(observed.path).length - 9);
  await expect(compareFingerprints(expected, observed, places, step)).rejects.toThrow(/the harness's own record/);
});

test('B12: a damaged line is explained by the damage, not by what it was taken for', async () => {
  const expected = fingerprint('a', allOf([1]));
  writeFileSync(expected.path, readFileSync(expected.path, 'utf8').replace('{"retention', '{retention'));
  const compared = compareFingerprints(expected, fingerprint('b', allOf([1])), places, step);
  await expect(compared).rejects.toThrow(/the harness's own record/);
});
