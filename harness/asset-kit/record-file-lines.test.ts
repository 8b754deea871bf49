import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesOf } from './record-file.ts';

async function linesIn(text: string, chunkBytes: number): Promise<string[]> {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  return await Array.fromAsync(linesOf(Readable.from(chunks)));
}

/** Text with every character that some program treats as the end of a line. */
const awkward = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('\r', '\r\n', '\u2028', '\u2029', '\u0085', '\v', '\f', '\ufeff'),
    ),
  )
  .map((parts) => parts.join('').replaceAll('\n', ''));

test('B8: only a line feed ends a line, however the bytes are cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(awkward), fc.integer({ min: 1, max: 7 }), async (lines, chunkBytes) => {
      const text = lines.map((line) => `${line}\n`).join('');
      expect(await linesIn(text, chunkBytes)).toEqual(lines);
    }),
  );
});

test('the last line needs no line feed', async () => {
  expect(await linesIn('a\nb', 1)).toEqual(['a', 'b']);
  expect(await linesIn('a\n\n', 3)).toEqual(['a', '']);
  expect(await linesIn('', 1)).toEqual([]);
});
