import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { ExplainedError, summaryOf } from '../model/errors.ts';

const open = promisify<string, yauzl.Options, ZipFile>(yauzl.open);

/** A folder of an archive that is unpacked along with the program. */
export interface BesideProgram {
  readonly folder: string;
  readonly to: string;
}

/**
 * Takes one program out of an archive, with the folder of its libraries if it has one, and makes it executable: installers set the bit
 * of what lies in `scripts/`, and so does this. yauzl checks the names of all entries: an archive that names a place outside of itself
 * is refused as a whole.
 * @throws {ExplainedError} when the archive cannot be read, names a place outside of its folder, or does not hold the program.
 */
export async function unpackProgram(
  archive: string,
  program: string,
  to: string,
  signal: AbortSignal,
  beside?: BesideProgram,
): Promise<void> {
  const broken = (observed: string, cause?: unknown) =>
    new ExplainedError(
      {
        thing: `archive ${archive}`,
        expected: `a zip file that holds ${program}`,
        observed,
        nextStep:
          'Nothing of it was unpacked. Run this again; if it stays so, the file in the package index is damaged.',
      },
      { cause },
    );
  let zip: ZipFile;
  try {
    zip = await open(archive, { lazyEntries: true, autoClose: false, decodeStrings: true, validateEntrySizes: true });
  } catch (error) {
    throw broken(summaryOf(error), error);
  }
  try {
    const entries = await entriesOf(zip).catch((error: unknown) => {
      throw broken(summaryOf(error), error);
    });
    const wanted = entries.find(({ fileName }) => fileName === program);
    if (wanted === undefined)
      throw broken(`it holds ${entries.map(({ fileName }) => fileName).join(', ') || 'nothing'}`);
    await unpackEntry(zip, wanted, to, signal);
    if (beside === undefined) return;
    const prefix = `${beside.folder}/`;
    for (const entry of entries.filter(({ fileName }) => fileName.startsWith(prefix) && !fileName.endsWith('/'))) {
      await unpackEntry(zip, entry, join(beside.to, entry.fileName.slice(prefix.length)), signal);
    }
  } finally {
    zip.close();
  }
}

async function unpackEntry(zip: ZipFile, entry: Entry, to: string, signal: AbortSignal): Promise<void> {
  const content = await promisify<Entry, NodeJS.ReadableStream>(zip.openReadStream.bind(zip))(entry);
  await mkdir(dirname(to), { recursive: true });
  await pipeline(content, createWriteStream(to, { mode: 0o755, flags: 'wx', flush: true }), { signal });
}

async function entriesOf(zip: ZipFile): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  zip.on('error', reject);
  zip.on('end', () => resolve(undefined));
  zip.on('entry', (entry: Entry) => {
    entries.push(entry);
    zip.readEntry();
  });
  zip.readEntry();
  await promise;
  return entries;
}
