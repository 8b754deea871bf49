import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lastLines } from './log-tail.ts';

async function logOf(text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'drc-log-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'server.log');
  await writeFile(path, text);
  return path;
}

test('gives the last lines, oldest first, without empty ones', async () => {
  expect(await lastLines(await logOf('one\ntwo\n\nthree\n'), 2)).toEqual(['two', 'three']);
});

test('reads only the end of a long log', async () => {
  const path = await logOf(`${'x'.repeat(100)}\n`.repeat(10_000).concat('the end\n'));
  expect((await lastLines(path, 1_000_000)).length).toBeLessThan(100);
  expect(await lastLines(path, 1)).toEqual(['the end']);
});

test('a log that is not there has no lines', async () => {
  expect(await lastLines(join(tmpdir(), 'no-such-folder', 'no.log'), 3)).toEqual([]);
});
