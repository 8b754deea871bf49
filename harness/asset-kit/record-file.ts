import { createHash } from 'node:crypto';
import { closeSync, createReadStream, createWriteStream, openSync, readSync, writeSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import type { z } from 'zod';
import { NotProvableHereError, summaryOf } from '../model/errors.ts';

const CHUNK_CHARACTERS = 32 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** Only the owner may read the content of an asset, even values stored as digests. */
const MODE = 0o600;
const digestOf = (hash: ReturnType<typeof createHash>) => `sha256:${hash.digest('hex')}`;

/** A file of lines that the harness wrote for itself, with the digest of the complete file. */
export interface RecordFile {
  readonly path: string;
  /** `sha256:…` of the whole file. */
  readonly digest: string;
}

/** Writes one JSON document per line. Slow writing also slows the reading of `records`. */
export async function writeRecords(
  path: string,
  records: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<RecordFile & { readonly records: number }> {
  const hash = createHash('sha256');
  let count = 0;
  const chunks = async function* () {
    let pending = '';
    for await (const record of records) {
      pending += `${JSON.stringify(record)}\n`;
      count += 1;
      if (pending.length < CHUNK_CHARACTERS) continue;
      hash.update(pending);
      yield pending;
      pending = '';
    }
    hash.update(pending);
    yield pending;
  };
  await pipeline(chunks, createWriteStream(path, { mode: MODE }), { signal });
  return { path, digest: digestOf(hash), records: count };
}

/**
 * Reads the records of {@link writeRecords}, in the same order, one at a time.
 * @throws {NotProvableHereError} after the last record at the latest, when the file has changed since it was written.
 */
export async function* readRecords<T>(file: RecordFile, schema: z.ZodType<T>): AsyncGenerator<T, void, undefined> {
  const hash = createHash('sha256');
  const bytes = async function* () {
    for await (const chunk of createReadStream(file.path)) {
      hash.update(chunk);
      yield chunk;
    }
  };
  try {
    for await (const line of linesOf(bytes())) yield schema.parse(JSON.parse(line));
  } catch (error) {
    throw damaged(file, `it cannot be read (${summaryOf(error)})`, error);
  }
  const found = digestOf(hash);
  if (found !== file.digest) throw damaged(file, `its digest is ${found}`);
}

/** Returns the error for a file of the harness that something else changed. It proves nothing about the asset. */
function damaged({ path, digest }: RecordFile, observed: string, cause?: unknown): NotProvableHereError {
  return new NotProvableHereError(
    {
      thing: `the harness's own record of the content, ${path}`,
      expected: `the file that the drill wrote (${digest})`,
      observed,
      nextStep: 'Something else changed the scratch folder, or its disk is full or broken: run the drill again.',
    },
    { cause },
  );
}

/**
 * Writer of lines that computes their digest. It is synchronous because the callbacks of a stream's reader cannot wait. Asynchronous writes
 * would pile up in memory when the disk is slower than the server.
 */
export class LineWriter implements Disposable {
  readonly #file: number;
  readonly #hash = createHash('sha256');
  /** One buffer for all flushes. New buffers would pile up outside the heap until the next full collection. */
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #pending = '';
  #open = true;

  constructor(path: string) {
    this.#file = openSync(path, 'w', MODE);
  }

  write(line: string): void {
    this.#pending += `${line}\n`;
    if (this.#pending.length >= CHUNK_CHARACTERS) this.#flush();
  }

  /** Closes the file and returns the digest of all of it. */
  finish(): string {
    this.#flush();
    this[Symbol.dispose]();
    return digestOf(this.#hash);
  }

  #flush(): void {
    const encoder = new TextEncoder();
    let rest = this.#pending;
    this.#pending = '';
    while (rest !== '') {
      const { read, written } = encoder.encodeInto(rest, this.#chunk);
      const chunk = this.#chunk.subarray(0, written);
      this.#hash.update(chunk);
      for (let at = 0; at < written; ) at += writeSync(this.#file, chunk, at);
      rest = rest.slice(read);
    }
  }

  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }
}

/** Reader of lines that holds one chunk of the file. {@link LineReader.finish} checks whether the lines can be trusted. */
export class LineReader implements Disposable {
  readonly #expected: RecordFile;
  readonly #file: number;
  readonly #hash = createHash('sha256');
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  readonly #decoder = new StringDecoder('utf8');
  #lines: string[] = [];
  #position = 0;
  #rest = '';
  #open = true;

  constructor(file: RecordFile) {
    this.#expected = file;
    this.#file = openSync(file.path, 'r');
  }

  /** Returns the next line without taking it; undefined at the end. */
  peek(): string | undefined {
    while (this.#position >= this.#lines.length) {
      const length = readSync(this.#file, this.#chunk);
      if (length === 0) return undefined;
      const read = this.#chunk.subarray(0, length);
      this.#hash.update(read);
      this.#lines = (this.#rest + this.#decoder.write(read)).split('\n');
      this.#rest = this.#lines.pop() ?? '';
      this.#position = 0;
    }
    return this.#lines[this.#position];
  }

  take(): string | undefined {
    const line = this.peek();
    this.#position += 1;
    return line;
  }

  /**
   * Reads the rest of the file and closes it.
   * @param failure the error of parsing its lines, if any.
   * @returns the number of remaining lines.
   * @throws {NotProvableHereError} when the file has changed since it was written.
   */
  finish(failure?: unknown): number {
    let left = 0;
    while (this.take() !== undefined) left += 1;
    this[Symbol.dispose]();
    const found = digestOf(this.#hash);
    if (found !== this.#expected.digest) throw damaged(this.#expected, `its digest is ${found}`, failure);
    return left;
  }

  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }
}

/**
 * Splits a stream of UTF-8 bytes into lines, only at line feeds. The last line needs no line feed. Holds one line and one chunk.
 *
 * It does not use `node:readline`, which also splits at carriage returns and at U+2028 and U+2029. `JSON.stringify` leaves those unchanged,
 * and the name of a file may contain them (https://nodejs.org/api/readline.html, "end-of-line").
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
