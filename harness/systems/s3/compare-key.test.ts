import { expect, test } from 'vitest';
import { Tally } from '../../asset-kit/comparison.ts';
import { compareKey, countedKinds } from './compare-key.ts';
import type { KeyFingerprint } from './fingerprint.ts';
import type { KeyHistory } from './listing.ts';
import type { VersionState } from './version-state.ts';

const NOW = '2026-02-15T10:00:00.000Z';
const state = (changes: Partial<VersionState> = {}): VersionState => ({
  sizeBytes: 3,
  sha256: 'aa',
  headers: {},
  metadata: {},
  tags: { team: 'x' },
  retention: null,
  legalHold: false,
  ...changes,
});

/** Newest first; null is a delete marker. */
type Versions = Readonly<Record<string, VersionState | null>>;

async function compared(expected: Versions | undefined, observed: Versions | undefined) {
  const lastModified = '2026-02-15T09:00:00.000Z';
  const then: KeyFingerprint | undefined = expected && {
    key: 'k',
    versions: Object.entries(expected).map(([versionId, one], at) => ({
      versionId,
      isLatest: at === 0,
      lastModified,
      state: one,
    })),
  };
  const now: KeyHistory | undefined = observed && {
    key: 'k',
    versions: Object.entries(observed).map(([versionId, one], at) => {
      const sizeBytes = one?.sizeBytes ?? 0;
      return { key: 'k', versionId, isLatest: at === 0, deleteMarker: one === null, lastModified, sizeBytes };
    }),
  };
  const read = async ({ versionId }: { versionId: string }) => observed?.[versionId] ?? state({ sha256: 'unread' });
  const tally = new Tally(countedKinds);
  const pair = { key: 'k', expected: then, observed: now };
  for (const one of await compareKey(pair, read, NOW)) tally.add(one);
  const { items, firstDifferences } = tally.comparison([]);
  const [current, versions, markers] = items;
  return { current, versions, markers, fields: firstDifferences.map(({ field }) => field) };
}

test('a copy of an old version on top of the damage equals the object that was there', async () => {
  const result = await compared({ v1: state() }, { v3: state(), garbage: state({ sha256: 'gg' }), v1: state() });
  expect(result.fields).toEqual([]);
  expect(result.current).toMatchObject({ expected: 1, restored: 1, matched: 1 });
  expect(result.versions).toMatchObject({ expected: 1, matched: 1 });
});

test.each([
  ['sha256', state({ sha256: 'bb' })],
  ['sizeBytes', state({ sizeBytes: 4 })],
  ['headers', state({ headers: { 'content-type': 'text/plain' } })],
  ['metadata', state({ metadata: { a: 'b' } })],
  ['tags', state({ tags: {} })],
  ['legalHold', state({ legalHold: true })],
  ['retention', state({ retention: { mode: 'GOVERNANCE', retainUntil: '2026-03-01T00:00:00.000Z' } })],
])('an altered %s is named', async (field, altered) => {
  const result = await compared({ v1: state() }, { v2: altered, v1: state() });
  expect(result.fields).toEqual([field]);
  expect(result.current).toMatchObject({ differing: 1, matched: 0 });
  expect(result.versions).toMatchObject({ matched: 1 });
});

test('retention that has run out since is not asked of the copy, but of the old version', async () => {
  const lapsed = state({ retention: { mode: 'GOVERNANCE', retainUntil: '2026-02-15T09:30:00.000Z' } });
  expect((await compared({ v1: lapsed }, { v2: state(), v1: lapsed })).fields).toEqual([]);
  expect((await compared({ v1: lapsed }, { v2: state(), v1: state() })).fields).toEqual(['retention']);
});

test('an object that is gone is missing, with its versions', async () => {
  const result = await compared({ v1: state() }, undefined);
  expect(result.current).toMatchObject({ expected: 1, restored: 0, missing: 1 });
  expect(result.versions).toMatchObject({ missing: 1 });
});

test('an object below a delete marker is missing, its version is not', async () => {
  const result = await compared({ v1: state() }, { dm: null, v1: state() });
  expect(result.current).toMatchObject({ missing: 1 });
  expect(result.versions).toMatchObject({ matched: 1 });
});

test('an object that was deleted before stays deleted, or is extra', async () => {
  const before = { dm: null, v1: state() };
  const kept = await compared(before, before);
  expect(kept.current).toMatchObject({ expected: 0, restored: 0 });
  expect(kept.markers).toMatchObject({ expected: 1, matched: 1 });
  expect((await compared(before, { v2: state(), ...before })).current).toMatchObject({ extra: 1 });
  expect((await compared(before, { v1: state() })).markers).toMatchObject({ missing: 1 });
});

test('an object that nobody wrote is extra, unless it is deleted again', async () => {
  expect((await compared(undefined, { v1: state() })).current).toMatchObject({ extra: 1 });
  expect((await compared(undefined, { dm: null, v1: state() })).current).toMatchObject({ extra: 0 });
});

test('the first ten differences are kept and all are counted', () => {
  const tally = new Tally(countedKinds);
  const difference = { item: 'i', field: 'f', expected: 'e', observed: 'o' };
  for (let at = 0; at < 30; at += 1) {
    tally.add({ kind: 'current objects', outcome: 'missing', differences: [difference] });
  }
  const { firstDifferences, items } = tally.comparison([]);
  expect(firstDifferences).toHaveLength(10);
  expect(items[0]).toMatchObject({ missing: 30, expected: 30, restored: 0 });
});
