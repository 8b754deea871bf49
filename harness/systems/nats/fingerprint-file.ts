import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const CHUNK_CHARACTERS = 128 * 1024;
const CHUNK_BYTES = 256 * 1024;
const digestOf = (hash: ReturnType<typeof createHash>) => `sha256:${hash.digest('hex')}`;

/**
 * Writes lines and their digest. Synchronous on purpose: the call-backs of a stream's reader cannot wait, and whatever
 * they wrote asynchronously would pile up in memory when the disk is slower than the server.
 */
export class LineWriter implements Disposable {
  readonly #file: number;
  readonly #hash = createHash('sha256');
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
    const chunk = Buffer.from(this.#pending);
    this.#pending = '';
    this.#hash.update(chunk);
    for (let written = 0; written < chunk.length; ) written += writeSync(this.#file, chunk, written);
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
  #lines: string[] = [];
  #position = 0;
  #rest: Buffer = Buffer.alloc(0);
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
      const end = read.lastIndexOf(10);
      if (end < 0) {
        this.#rest = Buffer.concat([this.#rest, read]);
        continue;
      }
      this.#lines = Buffer.concat([this.#rest, read.subarray(0, end)])
        .toString('utf8')
        .split('\n');
      this.#rest = Buffer.from(read.subarray(end + 1));
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
