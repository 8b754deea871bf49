import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { LineReader, LineWriter, type RecordFile, readRecords, writeRecords } from './record-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'dr-lines-'));
const path = join(folder, 'lines');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writeAll(lines: readonly string[]): RecordFile {
  using writer = new LineWriter(path);
  for (const line of lines) writer.write(line);
  return { path, digest: writer.finish() };
}

test('lines of any length and alphabet come back as they were written, with the digest of the file', () => {
  const line = fc.oneof(
    fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', '')),
    // Longer than one chunk, with characters that the end of a chunk can split.
    fc.integer({ min: 80_000, max: 100_000 }).map((length) => '€'.repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      const file = writeAll(lines);
      using reader = new LineReader(file);
      const read: string[] = [];
      for (let next = reader.take(); next !== undefined; next = reader.take()) read.push(next);
      expect(read).toEqual(lines);
      expect(reader.finish()).toBe(0);
      expect(file.digest).toBe(`sha256:${createHash('sha256').update(readFileSync(path)).digest('hex')}`);
    }),
    { numRuns: 20 },
  );
});

test('peeking takes nothing', () => {
  using reader = new LineReader(writeAll(['a', 'b']));
  expect([reader.peek(), reader.peek(), reader.take(), reader.take(), reader.peek()]).toEqual([
    'a',
    'a',
    'a',
    'b',
    undefined,
  ]);
});

const never = new AbortController().signal;
const record = z.object({ name: z.string(), value: z.json() });
type Written = z.infer<typeof record>;

async function writeThem(records: readonly Written[]): Promise<RecordFile> {
  const one = async function* () {
    yield* records;
  };
  return await writeRecords(path, one(), never);
}

describe('records', () => {
  it('B8: come back as they were written, whatever characters their text holds', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a\u2028b', '\u2029', '\r\n', '\n', '\u0085', '\ufeffbom', 'x'.repeat(70_000)),
    );
    const any = fc.record({ name: text, value: fc.oneof(text, fc.array(text), fc.dictionary(text, text)) });
    await fc.assert(
      fc.asyncProperty(fc.array(any, { maxLength: 8 }), async (written) => {
        const records = z.array(record).parse(JSON.parse(JSON.stringify(written)));
        expect(await Array.fromAsync(readRecords(await writeThem(records), record))).toEqual(records);
      }),
      { numRuns: 25 },
    );
  });

  const three = ['a', 'b', 'c'].map((name) => ({ name, value: 1 }));
  it.each<[string, (file: RecordFile) => void]>([
    ['cut off in the middle of a line', () => truncateSync(path, readFileSync(path).length - 5)],
    ['cut off between two lines', () => truncateSync(path, readFileSync(path).lastIndexOf('\n', -2) + 1)],
    ['emptied', () => truncateSync(path)],
    ['removed', () => rmSync(path)],
    ['changed in one value', () => writeFileSync(path, readFileSync(path, 'utf8').replace('"b"', '"B"'))],
    ['followed by more', () => writeFileSync(path, '{"name":"d","value":1}\n', { flag: 'a' })],
    ['of another shape', () => writeFileSync(path, '{"name":1}\n')],
  ])('B12: a file that was %s is a fault of the harness, and says so', async (_what, damage) => {
    const file = await writeThem(three);
    damage(file);
    await expect(Array.fromAsync(readRecords(file, record))).rejects.toThrow(/the harness's own record/);
  });

  it('B12: lines that were read are verified too', () => {
    const file = writeAll(['a', 'b', 'c']);
    truncateSync(path, 4);
    using reader = new LineReader(file);
    expect(reader.take()).toBe('a');
    expect(() => reader.finish()).toThrow(/the harness's own record/);
  });
});
