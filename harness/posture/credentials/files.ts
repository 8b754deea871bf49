import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { summaryOf } from '../../model/errors.ts';

export type FoundFile = { readonly path: string } | { readonly path: string; readonly unread: string };

/** Others' code and the history: neither is written by the platform. */
const LEFT_OUT = new Set(['node_modules', '.git']);

/**
 * Every file below a folder, in the order of their names, links followed. A folder that links lead to twice is gone through once.
 * What cannot be looked at comes with the reason.
 */
export async function* filesBelow(folder: string, seen = new Set<string>()): AsyncGenerator<FoundFile> {
  let entries: readonly string[];
  try {
    const real = await realpath(folder);
    if (seen.has(real)) return;
    seen.add(real);
    entries = (await readdir(folder)).toSorted();
  } catch (error) {
    yield { path: folder, unread: summaryOf(error) };
    return;
  }
  for (const name of entries) {
    if (LEFT_OUT.has(name)) continue;
    const path = join(folder, name);
    try {
      const found = await stat(path);
      if (found.isDirectory()) yield* filesBelow(path, seen);
      else if (found.isFile()) yield { path };
      else yield { path, unread: 'it is neither a file nor a folder' };
    } catch (error) {
      yield { path, unread: summaryOf(error) };
    }
  }
}
