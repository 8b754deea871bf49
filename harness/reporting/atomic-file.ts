import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a whole file or nothing: a temporary file beside it, synced, then renamed over it. A reader never sees half a record, and a
 * full disk leaves the old one in place. Pieces are written one by one, so that a long text needs no more memory than a short one.
 */
export async function writeAtomically(
  path: string,
  text: string | Uint8Array | AsyncIterable<string>,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    // No file handle: the one of Yarn's Plug'n'Play has no `sync`.
    await writeFile(temporary, text, { flag: 'wx', flush: true, signal });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
