import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, posix, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Header, Pax } from 'tar';
import { afterwards } from '../../base/afterwards.ts';
import { workThrough } from '../../base/work-through.ts';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import { isSystemError } from '../cache-entry.ts';
import {
  digesting,
  MANIFEST,
  type Manifest,
  nameInPack,
  type Packable,
  type PackedEntry,
  type PackedFile,
  packPlatform,
} from './manifest.ts';

/** Files that are made anew where a pack is unpacked, and files that only an installation needs. */
const NOT_OF_AN_ENVIRONMENT =
  /^(pyvenv\.cfg|\.lock|include\/|localstack-static\/|first-start-|bin\/(python[\d.]*|[Aa]ctivate.*|uvx?)$)/;

const BLOCK_BYTES = 512;
/** Number of files that are read side by side: LocalStack has 25,000 small ones. */
const AT_ONCE = 8;

export interface WrittenPack {
  readonly file: string;
  readonly sizeBytes: number;
  /** `sha256:` and the digest of the whole file. */
  readonly digest: string;
}

export interface WritePackOptions {
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Writes these finished entries into one file. It gets its name when it is complete. The same cache gives the same bytes.
 * @throws {ExplainedError} when the file cannot be written.
 */
export async function writePack(
  entries: readonly (Packable & { readonly dir: string })[],
  file: string,
  { progress, signal }: WritePackOptions,
): Promise<WrittenPack> {
  const path = resolve(file);
  if (entries.length === 0) {
    throw new ExplainedError({
      thing: `pack ${path}`,
      expected: 'programs to put into it',
      observed: 'the contracts here need none',
      nextStep: 'Add a contract, or pack every program with --all.',
    });
  }
  const draft = `${path}.${process.pid}.part`;
  await using _removal = afterwards(() => rm(draft, { force: true }));
  const packed: (PackedEntry & { readonly dir: string })[] = [];
  for (const { entry, dir } of entries) {
    progress(`reading ${entry.label} ${entry.version}`);
    packed.push({ ...(await describe(entry.nameAnywhere, dir, signal)), dir });
  }
  progress(`writing ${path}`);
  const whole = digesting();
  try {
    await pipeline(tarOf(packed), createGzip(), whole.through, createWriteStream(draft, { flags: 'wx', flush: true }), {
      signal,
    });
    await rename(draft, path);
  } catch (error) {
    signal.throwIfAborted();
    if (!isSystemError(error)) throw error;
    throw new ExplainedError(
      {
        thing: `pack ${path}`,
        expected: 'to be written',
        observed: summaryOf(error),
        nextStep: 'Name a file in a folder that you can write, with as much free space as the programs take.',
      },
      { cause: error },
    );
  }
  return { file: path, sizeBytes: whole.bytes(), digest: whole.digest() };
}

async function describe(name: string, dir: string, signal: AbortSignal): Promise<PackedEntry> {
  const python = await pythonOf(dir);
  const isLeft = (path: string) => python !== undefined && NOT_OF_AN_ENVIRONMENT.test(path);
  const paths = (await pathsIn(dir)).filter((path) => !isLeft(path));
  const files: PackedFile[] = [];
  await workThrough([...paths.entries()], AT_ONCE, signal, async ([index, path], within) => {
    files[index] = await describeFile(dir, path, within);
  });
  return { name, ...(python === undefined ? {} : { python }), files };
}

/** Returns the files of a folder and its sub-folders, sorted. Skips a link to a folder, such as `lib64`. */
async function pathsIn(dir: string, within = ''): Promise<readonly string[]> {
  const items = await readdir(join(dir, within), { withFileTypes: true });
  const found = await Promise.all(
    items.map(async (item) => {
      const path = posix.join(within, item.name);
      if (item.isDirectory()) return await pathsIn(dir, path);
      return (await stat(join(dir, path))).isFile() ? [path] : [];
    }),
  );
  return found.flat().sort();
}

async function describeFile(dir: string, path: string, signal: AbortSignal): Promise<PackedFile> {
  const { size, mode, mtimeMs } = await stat(join(dir, path));
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(dir, path)), hash, { signal });
  return {
    path,
    sizeBytes: size,
    sha256: hash.digest('hex'),
    executable: (mode & 0o100) !== 0,
    mtimeS: Math.floor(mtimeMs / 1_000),
  };
}

/** Returns the Python version of a virtual environment, e.g. `3.11`; undefined for another folder. */
async function pythonOf(dir: string): Promise<string | undefined> {
  let settings: string;
  try {
    settings = await readFile(join(dir, 'pyvenv.cfg'), 'utf8');
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
  const version = /^version(?:_info)? = (3\.\d+)/m.exec(settings)?.[1];
  if (version === undefined) throw new Error(`${dir}/pyvenv.cfg says no version of Python`);
  return version;
}

async function* tarOf(entries: readonly (PackedEntry & { readonly dir: string })[]): AsyncGenerator<Buffer> {
  const manifest: Manifest = {
    format: 'dr-contracts-toolchain',
    formatVersion: 1,
    platform: packPlatform(),
    entries: entries.map(({ dir: _, ...entry }) => entry),
  };
  const content = Buffer.from(`${JSON.stringify(manifest)}\n`);
  yield* headerOf(MANIFEST, content.length, false, 0);
  yield content;
  yield paddingOf(content.length);
  for (const entry of entries) {
    for (const file of entry.files) {
      yield* headerOf(nameInPack(entry, file), file.sizeBytes, file.executable, file.mtimeS);
      yield* createReadStream(join(entry.dir, file.path));
      yield paddingOf(file.sizeBytes);
    }
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

function* headerOf(path: string, size: number, executable: boolean, mtimeS: number): Generator<Buffer> {
  const facts = { path, size, mode: executable ? 0o755 : 0o644, uid: 0, gid: 0, mtime: new Date(mtimeS * 1_000) };
  const header = new Header({ ...facts, type: 'File' });
  const block = Buffer.alloc(BLOCK_BYTES);
  if (header.encode(block)) yield new Pax(facts).encode();
  yield block;
}

const paddingOf = (sizeBytes: number): Buffer => Buffer.alloc((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
