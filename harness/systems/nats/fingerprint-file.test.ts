import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { LineReader, LineWriter } from './fingerprint-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'dr-lines-'));
const path = join(folder, 'lines');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeAll(lines: readonly string[]): string {
  using writer = new LineWriter(path);
  for (const line of lines) writer.write(line);
  return writer.finish();
}

test('lines of any length and alphabet come back as they were written, with the digest of the file', () => {
  const line = fc.oneof(
    fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', '')),
    // Longer than one chunk, in characters that a chunk's end can cut apart.
    fc.integer({ min: 80_000, max: 100_000 }).map((length) => '€'.repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      const digest = writeAll(lines);
      using reader = new LineReader(path);
      const read: string[] = [];
      for (let next = reader.take(); next !== undefined; next = reader.take()) read.push(next);
      expect(read).toEqual(lines);
      expect(reader.finish()).toBe(digest);
      expect(digest).toBe(`sha256:${createHash('sha256').update(readFileSync(path)).digest('hex')}`);
    }),
    { numRuns: 20 },
  );
});

test('peeking takes nothing', () => {
  writeAll(['a', 'b']);
  using reader = new LineReader(path);
  expect([reader.peek(), reader.peek(), reader.take(), reader.take(), reader.peek()]).toEqual([
    'a',
    'a',
    'a',
    'b',
    undefined,
  ]);
});
