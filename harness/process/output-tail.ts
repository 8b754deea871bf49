import { StringDecoder } from 'node:string_decoder';

/**
 * Collects what a program writes. With a limit it keeps the last bytes only, so that memory does not grow with the output;
 * the text then begins at the start of a line, because half a line may hold half a secret that no redaction would recognise.
 */
export class OutputTail {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #heldBytes = 0;
  #writtenBytes = 0;

  constructor(limitBytes = Number.POSITIVE_INFINITY) {
    this.#limitBytes = limitBytes;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    this.#writtenBytes += chunk.length;
    // Trimmed at twice the limit, so that each byte is copied at most once.
    if (this.#heldBytes > 2 * this.#limitBytes) this.#trim();
  }

  get text(): string {
    if (this.#heldBytes > this.#limitBytes) this.#trim();
    const held = Buffer.concat(this.#chunks);
    if (this.#writtenBytes === this.#heldBytes) return held.toString('utf8');
    const lineEnd = held.indexOf(0x0a);
    return held.toString('utf8', lineEnd === -1 ? held.length : lineEnd + 1);
  }

  #trim(): void {
    const held = Buffer.concat(this.#chunks);
    const kept = Buffer.from(held.subarray(Math.max(0, held.length - this.#limitBytes)));
    this.#chunks = [kept];
    this.#heldBytes = kept.length;
  }
}

const LONGEST_LINE = 4_096;

/** Calls `onLine` for every whole line of a stream of chunks; a line longer than 4,096 characters is given in pieces. */
export class LineReader {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
    if (this.#rest.length > LONGEST_LINE) this.end();
  }

  end(): void {
    if (this.#rest !== '') this.#onLine(this.#rest);
    this.#rest = '';
  }
}
