import { stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { openFile } from '../base/files.ts';

/**
 * Collector of a program's output. With a limit it keeps only the last bytes, so memory does not grow with the output. The text then begins
 * at the start of a line, because half a line may hold half a secret that no redaction would recognise.
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
    // Trims at twice the limit, so each byte is copied at most once.
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

/** Reader that calls `onLine` for every whole line of a stream of chunks. It passes a line longer than 4,096 characters in pieces. */
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

const TAIL_BYTES = 8_192;

/** Returns the last lines of a log file, oldest first; none when there is no such file. Reads only the end of the file. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  const size = await sizeOf(path);
  if (size === undefined) return [];
  await using file = await openFile(path, 'r');
  const length = Math.min(size, TAIL_BYTES);
  const lines = (await file.read(length, size - length))
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.slice(-count).map((line) => (line.length > 400 ? `${line.slice(0, 400)}…` : line));
}

/** Returns the size of a file; undefined when there is no such file. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Number of last bytes that are kept of each output of a program. */
export const KEPT_OUTPUT_BYTES = 128 * 1024;
const KEPT_WARNINGS = 100;

/** Collector of the first hundred warnings of a program, without secrets. */
export class Warnings {
  readonly #redact: (text: string) => string;
  readonly #lines: string[] = [];

  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  readonly look = (line: string): void => {
    if (/\bwarn/i.test(line) && this.#lines.length < KEPT_WARNINGS) this.#lines.push(this.#redact(line));
  };
}

const SHOWN = 3;
const LONGEST = 400;

/** Lines that show a place in a program and not the mistake: stack frames, source excerpts, carets, fields of a printed error. */
const FRAMES: readonly RegExp[] = [
  // Node and Java: `    at resolve (node:internal/…)`, `\t... 12 more`.
  /^\s+at\s/,
  /^\s*\.\.\. \d+ more$/,
  /^\s*Node\.js v\d/,
  /^(node:|file:\/\/|\/)\S+:\d+$/,
  /^\s*[\^~]+\s*$/,
  // Fields of an error object that Node prints after its stack: `  code: 'ERR_MODULE_NOT_FOUND',`, `}`.
  /^\s+(code|errno|syscall|path|spawnargs|address|port|url|cause|\[cause\]|\[errors\])\b.*,?$/,
  /^\s*[[\]{}]+,?\s*$/,
  // Python: `Traceback (most recent call last):`, `  File "x.py", line 1, in <module>`.
  /^\s*Traceback \(most recent call last\):/,
  /^\s+File ".*", line \d+/,
  /^During handling of the above exception/,
  /^The above exception was the direct cause/,
  // Go: `goroutine 1 [running]:`, `main.main()`, `\t/src/main.go:12 +0x1d`.
  /^goroutine \d+ \[/,
  /^\s+\S+\.go:\d+( \+0x[0-9a-f]+)?$/,
  /^[\w./*()@-]+\((0x[0-9a-f]+|\{|\.\.\.|[, ])*.*\)$/,
  /^created by /,
  /^exit status \d+$/,
  // Ruby and Perl: `\tfrom x.rb:12:in 'main'`.
  /^\s+from \S+:\d+/,
];

/** Lines that name the error itself: one of a language's run time, or of a shell. */
const NAMES_IT =
  /(^|[\s\]:])([A-Za-z_.]*(Error|Exception)\b(\s\[\w+\])?:)|^(panic|fatal|error|fatal error|caused by):|: (command not found|not found|No such file or directory|Permission denied|Read-only file system|unbound variable|cannot execute)|\bcannot load such file\b|\bCan't locate\b|\bis not set\b/i;

/**
 * Returns at most three lines of a failed program that say what is wrong: the last line that names an error, and the last lines of the
 * output. Stack frames are left out. Standard output counts only if standard error says nothing.
 */
export function tellingLines(stderr: string, stdout: string): readonly string[] {
  const fromErrors = said(stderr);
  const fromOutput = said(stdout);
  const named = fromErrors.findLast(namesIt) ?? fromOutput.findLast(namesIt);
  const last = (fromErrors.length > 0 ? fromErrors : fromOutput).slice(-SHOWN);
  if (named === undefined || last.includes(named)) return last;
  return [named, ...last.slice(1)].slice(0, SHOWN);
}

const namesIt = (line: string): boolean => NAMES_IT.test(line);

function said(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const telling = lines.filter((line, index) => !isFrame(line) && !isExcerpt(lines, index));
  // For a program that printed only frames, the last lines are shown.
  return (telling.length > 0 ? telling : lines.slice(-SHOWN)).map((line) => shortened(line.trim()));
}

const isFrame = (line: string): boolean => FRAMES.some((frame) => frame.test(line));

/** True for a line of source code. Node prints it below the location; Python prints it below each `File "…", line …`, indented further. */
function isExcerpt(lines: readonly string[], index: number): boolean {
  const [line = '', before = ''] = [lines[index], lines[index - 1]];
  if (/^(node:|file:\/\/|\/)\S+:\d+$/.test(before)) return true;
  return /^\s{4}/.test(line) && [before, lines[index - 2] ?? ''].some((one) => /^\s+File ".*", line \d+/.test(one));
}

const shortened = (line: string): string => (line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line);
