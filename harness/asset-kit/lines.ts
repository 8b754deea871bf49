import { StringDecoder } from 'node:string_decoder';

/**
 * The lines of a stream of UTF-8 bytes, split at line feeds and nowhere else. The last line needs no line feed. Holds one
 * line and one chunk.
 *
 * `node:readline` is not used: it also splits at carriage returns and at U+2028 and U+2029, which `JSON.stringify` leaves as
 * they are and which may stand in a file's name (https://nodejs.org/api/readline.html, "end-of-line").
 */
export async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
