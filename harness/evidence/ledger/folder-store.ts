import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, openFile } from '../../base/files.ts';
import { ExplainedError } from '../../model/errors.ts';
import { explaining } from '../../reporting/system-error.ts';
import type { LedgerStore } from './store.ts';

const TEMPORARY = /^\.append-[0-9a-f]+\.tmp$/;
/** Age from which on a temporary file is abandoned: longer than any append takes. */
const ABANDONED_AFTER_MS = 3_600_000;
const NO_HARD_LINKS: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'];

/** A ledger in a folder of this machine, or of a file system that it has mounted. */
export function openFolderStore(folder: string): LedgerStore {
  const thing = `ledger ${folder}`;
  return {
    at: folder,
    async *names(signal, after = '') {
      const names = await explaining(thing, () => namesIn(folder));
      signal.throwIfAborted();
      yield* names.filter((name) => name > after && !TEMPORARY.test(name)).toSorted();
    },
    read: (name, signal) => explaining(join(folder, name), () => readFile(join(folder, name), { signal })),
    create: (name, bytes) => explaining(thing, () => create(folder, name, bytes)),
    remove: (names, signal) =>
      explaining(thing, async () => {
        for (const name of names) {
          signal.throwIfAborted();
          await rm(join(folder, name), { force: true });
        }
      }),
    [Symbol.dispose]: () => undefined,
  };
}

/**
 * Writes a temporary file, syncs it, and links it to its name: a link fails when the name exists, and a reader sees the whole file
 * or none (link(2)). A killed writer leaves at most the temporary file.
 */
async function create(folder: string, name: string, bytes: Uint8Array): Promise<boolean> {
  await makeFolder(folder);
  const temporary = join(folder, `.append-${randomBytes(8).toString('hex')}.tmp`);
  try {
    await writeFile(temporary, bytes, { flag: 'wx', flush: true });
    await link(temporary, join(folder, name));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return false;
    if (NO_HARD_LINKS.includes(code)) throw noHardLinks(folder, error);
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(folder);
  await removeAbandoned(folder);
  return true;
}

/** Syncs the folder, so that the new name survives a power cut (fsync(2)). */
async function syncFolder(folder: string): Promise<void> {
  // A folder cannot be opened on Windows.
  if (process.platform === 'win32') return;
  await using opened = await openFile(folder, constants.O_RDONLY);
  await opened.sync();
}

/** Removes temporary files of killed writers. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of (await namesIn(folder)).filter((each) => TEMPORARY.test(each))) {
    const path = join(folder, name);
    try {
      if (Date.now() - (await stat(path)).mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
    } catch (error) {
      // Its writer removed it in the meantime.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

const noHardLinks = (folder: string, cause: unknown): ExplainedError =>
  new ExplainedError(
    {
      thing: `ledger ${folder}`,
      expected: 'a file system with hard links, which keep two runs from writing the same entry',
      observed: `it refused one (${String(codeOf(cause))})`,
      nextStep:
        'Keep the ledger elsewhere: `ledger: { at: … }` in the configuration takes a folder or s3://bucket/prefix.',
    },
    { cause },
  );
