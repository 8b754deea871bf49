import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import { issuesInWords } from '../../model/text.ts';
import { isSystemError } from '../cache-entry.ts';
import {
  digesting,
  MANIFEST,
  type Manifest,
  MOST_MANIFEST_BYTES,
  manifestSchema,
  nameInPack,
  type PackedFile,
} from './manifest.ts';

export interface UnpackOptions {
  readonly file: string;
  /** An empty folder for this call alone, in which nothing else writes. */
  readonly into: string;
  /** Expected digest of the whole file, as `sha256:…`. */
  readonly digest?: string | undefined;
  /** Called with the list of contents, before the contents are read. An error refuses the pack. */
  readonly accept: (manifest: Manifest) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface Unpacked {
  readonly manifest: Manifest;
  /** `sha256:` and the digest of the whole file. */
  readonly digest: string;
}

/**
 * Reads a pack as a stream into `into`, one folder for each entry. Only regular files are written, each with the size and the digest that
 * the manifest gives, in the manifest's order, under a name that stays inside.
 * @throws {ExplainedError} for a file that is no pack, is cut short, damaged or changed, contains anything else, or has another digest.
 *   What was written by then is the caller's to remove.
 */
export async function unpack({ file, into, digest, accept, signal }: UnpackOptions): Promise<Unpacked> {
  const refuse = (observed: string, cause?: unknown) =>
    new ExplainedError(
      {
        thing: `pack ${file}`,
        expected: 'a whole and unchanged pack of `dr-contracts toolchain --pack`',
        observed,
        nextStep: 'Nothing of it was installed. Copy it again from the machine that wrote it, or write it anew there.',
      },
      { cause },
    );
  const whole = digesting();
  const contents = new Contents(into, accept, signal);
  try {
    await pipeline(createReadStream(file), whole.through, createGunzip(), (plain) => contents.readAll(plain), {
      signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ExplainedError) throw error;
    if (error instanceof Refusal) throw refuse(error.message, error.cause);
    throw refuse(isSystemError(error) ? summaryOf(error) : `it cannot be read: ${summaryOf(error)}`, error);
  }
  const found = whole.digest();
  if (digest !== undefined && digest !== found) throw refuse(`its digest is ${found}, not ${digest}`);
  return { manifest: contents.manifest(), digest: found };
}

/** More than a long name in front of a file needs. */
const MOST_HEADER_BYTES = 2 ** 16;

class Refusal extends Error {}

interface Expected {
  readonly name: string;
  readonly file: PackedFile;
}

/** Content read from a pack, file by file. */
class Contents {
  readonly #into: string;
  readonly #accept: (manifest: Manifest) => Promise<void>;
  readonly #signal: AbortSignal;
  #manifest: Manifest | undefined;
  #expected: readonly Expected[] = [];
  #read = 0;

  constructor(into: string, accept: (manifest: Manifest) => Promise<void>, signal: AbortSignal) {
    this.#into = into;
    this.#accept = accept;
    this.#signal = signal;
  }

  manifest(): Manifest {
    if (this.#manifest === undefined) throw new Refusal('it is empty');
    return this.#manifest;
  }

  /** Feeds the parser, which passes on one file at a time and waits until it is read. */
  async readAll(plain: AsyncIterable<Buffer>): Promise<void> {
    const failure = new AbortController();
    const signal = AbortSignal.any([this.#signal, failure.signal]);
    let taking = Promise.resolve();
    let current: ReadEntry | undefined;
    // Ends the wait for a file that is cut short: aborting a pipeline does not end its source.
    signal.addEventListener('abort', () => current?.destroy(), { once: true });
    const parser = new Parser({
      strict: true,
      maxMetaEntrySize: MOST_HEADER_BYTES,
      onReadEntry: (entry) => {
        current = entry;
        taking = taking.then(async () => {
          try {
            signal.throwIfAborted();
            await this.#take(entry, signal);
          } catch (error) {
            failure.abort(error);
          }
        });
      },
    });
    parser.on('error', (error: unknown) => failure.abort(error));
    try {
      for await (const chunk of plain) {
        signal.throwIfAborted();
        if (!parser.write(chunk)) await once(parser, 'drain', { signal });
      }
      const ended = once(parser, 'end', { signal });
      parser.end();
      await ended;
    } catch (error) {
      failure.abort(error);
    }
    await taking;
    failure.signal.throwIfAborted();
    this.manifest();
    const missing = this.#expected[this.#read];
    if (missing !== undefined) throw new Refusal(`it ends before ${missing.name}`);
  }

  async #take(entry: ReadEntry, signal: AbortSignal): Promise<void> {
    if (entry.type !== 'File' && entry.type !== 'OldFile') {
      throw new Refusal(`${JSON.stringify(entry.path)} is not a regular file but a ${entry.type}`);
    }
    if (this.#manifest === undefined) await this.#takeManifest(entry, signal);
    else await this.#takeFile(entry, signal);
  }

  async #takeManifest(entry: ReadEntry, signal: AbortSignal): Promise<void> {
    if (entry.path !== MANIFEST)
      throw new Refusal(`it begins with ${JSON.stringify(entry.path)}, not with ${MANIFEST}`);
    if (entry.size > MOST_MANIFEST_BYTES) throw new Refusal(`its manifest has ${entry.size} bytes`);
    const text = await pipeline(() => entry, textOf, { signal });
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (error) {
      throw new Refusal(`its manifest is not JSON: ${summaryOf(error)}`, { cause: error });
    }
    const { data: manifest, error } = manifestSchema.safeParse(parsed);
    if (manifest === undefined) throw new Refusal(`its manifest: ${issuesInWords(error)}`, { cause: error });
    this.#expected = manifest.entries.flatMap((each) =>
      each.files.map((file) => ({ name: nameInPack(each, file), file })),
    );
    await this.#accept(manifest);
    this.#manifest = manifest;
  }

  async #takeFile(entry: ReadEntry, signal: AbortSignal): Promise<void> {
    const expected = this.#expected[this.#read];
    if (entry.path !== expected?.name) {
      const instead = expected === undefined ? 'its end' : JSON.stringify(expected.name);
      throw new Refusal(`it holds ${JSON.stringify(entry.path)} where the manifest has ${instead}`);
    }
    const { name, file } = expected;
    if (entry.size !== file.sizeBytes) {
      throw new Refusal(`${name} has ${entry.size} bytes where the manifest says ${file.sizeBytes}`);
    }
    const path = join(this.#into, name);
    await mkdir(dirname(path), { recursive: true });
    const content = digesting();
    const mode = file.executable ? 0o755 : 0o644;
    // `wx` follows no link and replaces nothing: on a case-insensitive file system, two names may be one file.
    await pipeline(() => entry, content.through, createWriteStream(path, { mode, flags: 'wx' }), { signal });
    const found = content.digest();
    if (found !== `sha256:${file.sha256}`) {
      throw new Refusal(`${name} has the digest ${found} where the manifest says sha256:${file.sha256}`);
    }
    await utimes(path, file.mtimeS, file.mtimeS);
    this.#read += 1;
  }
}

async function textOf(source: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
