import { createHash } from 'node:crypto';
import { lstat, mkdtemp, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { digestOfFile, tarOf, treeOf } from './tree.ts';

const plan = { files: 220, largestBytes: 700_001 };

test('the tree has every kind of thing that a volume can lose, and every path once', () => {
  const entries = [...treeOf(plan)];
  const files = entries.filter(({ type }) => type === 'file');
  expect(files).toHaveLength(221);
  expect(new Set(entries.map(({ path }) => path)).size).toBe(entries.length);
  expect(entries.filter(({ type }) => type === 'link')).toHaveLength(5);
  expect(files.some(({ mode }) => mode === 0o4755)).toBe(true);
  expect(entries.filter(({ path }) => path.includes('/.')).length).toBeGreaterThan(20);
});

test('what a real tar unpacks is the planned tree', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dr-tree-'));
  try {
    await execa('tar', ['-x', '-p', '--no-same-owner', '-C', folder], {
      input: Readable.from(tarOf('drill', treeOf(plan))),
    });
    for (const entry of treeOf(plan)) {
      const path = join(folder, entry.path);
      const found = await lstat(path);
      if (entry.type === 'link') expect(await readlink(path)).toBe(entry.target);
      else expect([entry.path, found.mode & 0o1777]).toEqual([entry.path, entry.mode & 0o1777]);
      if (entry.type !== 'file') continue;
      expect(
        createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
      ).toBe(digestOfFile('drill', entry));
      expect((await stat(path)).mtimeMs / 1_000).toBe(entry.modifiedSeconds);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('another drill has other content, and the same drill the same', () => {
  const file = [...treeOf(plan)].find((entry) => entry.type === 'file' && entry.sizeBytes > 100);
  if (file?.type !== 'file') throw new Error('the plan has no file');
  expect(digestOfFile('one', file)).toBe(digestOfFile('one', file));
  expect(digestOfFile('one', file)).not.toBe(digestOfFile('two', file));
});
