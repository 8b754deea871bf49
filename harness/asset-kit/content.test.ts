import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ContentItem, compareContent, fingerprintContent } from './content.ts';

let scratchDir: string;
beforeAll(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'dr-content-'));
});
afterAll(() => rm(scratchDir, { recursive: true, force: true }));

const file = (name: string, digest: string): ContentItem => ({ kind: 'files', name, sizeBytes: 3, fields: { digest } });
const link = (name: string): ContentItem => ({ kind: 'links', name, sizeBytes: 0, fields: {} });
async function* stream(items: readonly ContentItem[]) {
  yield* items;
}
const fingerprint = (items: readonly ContentItem[]) =>
  fingerprintContent(stream(items), { scratchDir, signal: new AbortController().signal });

it('counts items by kind, in a file of its own with the same digest for the same content', async () => {
  const items = [file('a', '1'), file('b', '2'), link('c')];
  const [first, second] = [await fingerprint(items), await fingerprint(items)];
  expect(first).toMatchObject({ items: 3, bytes: 6 });
  expect(first.kinds).toEqual([
    { kind: 'files', items: 2 },
    { kind: 'links', items: 1 },
  ]);
  expect(second).toMatchObject({ digest: first.digest });
  expect(second.path).not.toBe(first.path);
});

it('tells what is missing, extra and different, by name and field', async () => {
  const before = await fingerprint([file('a', '1'), file('b', '2'), link('c')]);
  const { items, firstDifferences } = await compareContent(before, stream([file('a', '9'), file('d', '4')]));
  expect(items).toEqual([
    { kind: 'files', expected: 2, restored: 2, matched: 0, missing: 1, extra: 1, differing: 1 },
    { kind: 'links', expected: 1, restored: 0, matched: 0, missing: 1, extra: 0, differing: 0 },
  ]);
  expect(firstDifferences.map(({ item, field }) => `${item}: ${field}`)).toEqual([
    'files: a: digest',
    'files: b: presence',
    'files: d: presence',
    'links: c: presence',
  ]);
});

it('many differences of one kind do not hide those of another', async () => {
  const many = Array.from({ length: 30 }, (_, index) => file(String(index).padStart(2, '0'), '1'));
  const { firstDifferences } = await compareContent(await fingerprint([...many, link('z')]), stream([]));
  expect(firstDifferences.filter(({ item }) => item.startsWith('files'))).toHaveLength(10);
  expect(firstDifferences.at(-1)?.item).toBe('links: z');
});

it('refuses items that are not sorted, or that occur twice', async () => {
  await expect(fingerprint([file('b', '1'), file('a', '1')])).rejects.toThrow('files: a came after files: b');
  await expect(fingerprint([file('a', '1'), file('a', '1')])).rejects.toThrow('not sorted');
  const known = await fingerprint([file('a', '1')]);
  await expect(compareContent(known, stream([link('a'), file('a', '1')]))).rejects.toThrow('not sorted');
});
