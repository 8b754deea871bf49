import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

const NAMED = /(?:\bfrom\s*|\bimport\s*\(?\s*)(["'])(\.[^"']+)\1/g;

/**
 * Removes declarations that no entry reaches: the compiler writes one for each module that an entry's code imports, but users of the types
 * need only those that the entry's declarations name.
 * @param entries paths of declarations relative to the folder, e.g. `index.d.ts`.
 */
export async function pruneDeclarations(folder: string, entries: readonly string[]): Promise<void> {
  const needed = new Set(entries.map((entry) => join(folder, entry)));
  // The loop also visits items that are added during it.
  for (const file of needed) {
    const text = await readFile(file, 'utf8');
    for (const [, , specifier = ''] of text.matchAll(NAMED)) {
      needed.add(resolve(dirname(file), specifier.replace(/\.[jt]s$/, '.d.ts')));
    }
  }
  for (const each of await readdir(folder, { recursive: true })) {
    const path = join(folder, each);
    if (path.endsWith('.d.ts') && !needed.has(path)) await rm(path);
  }
}
