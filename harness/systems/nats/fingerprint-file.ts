import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const CHUNK_CHARACTERS = 32 * 1024;
const CHUNK_BYTES = 64 * 1024;
const digestOf = (hash: ReturnType<typeof createHash>) => `sha256:${hash.digest('hex')}`;

/**
 * Writes lines and their digest. Synchronous on purpose: the call-backs of a stream's reader cannot wait, and whatever
 * they wrote asynchronously would pile up in memory when the disk is slower than the server.
 */
export class LineWriter implements Disposable {
  readonly #file: number;
  readonly #hash = createHash('sha256');
  /** One for all flushes: a fresh buffer each time piles up outside of the heap until the next full collection. */
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #pending = '';
  #open = true;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
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

/** Reads lines one after the other, holding one chunk of the file. */
export class LineReader implements Disposable {
  readonly #file: number;
  readonly #hash = createHash('sha256');
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  readonly #decoder = new StringDecoder('utf8');
  #lines: string[] = [];
  #position = 0;
  #rest = '';
  #open = true;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
  }

  /** The next line without taking it; undefined at the end. */
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

  /** The digest of what was read; of the whole file once its end was reached. */
  finish(): string {
    this[Symbol.dispose]();
    return digestOf(this.#hash);
  }

  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }
}
