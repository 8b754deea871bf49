import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isConfigurationName } from './config.ts';
import { possibleImports } from './contract-inputs.ts';

// Finds contract files that no pattern reads, by their content. Such a file would be a promise that nothing checks.

const SOURCE = /(?<!\.d)\.[cm]?[jt]sx?$/;
const COMPILED = /\.[cm]?jsx?$/;
/** No contract file is that large, and reading bundles takes time. */
const LARGEST_BYTES = 2 ** 20;

/** A module that imports `contract` or `posture`, or everything, from this package. Types alone define no contract. */
const STATES =
  /\bimport\s*(?:\{[^}]*\b(?:contract|posture)\b[^}]*\}|\*\s*as\s+\w+)\s*from\s*['"]dr-contracts['"]|\b(?:require|import)\(\s*['"]dr-contracts['"]\s*\)/;

export interface UnreadSearch {
  /** The project's folder. An absolute path. */
  readonly folder: string;
  /** Files that are read. Absolute paths. */
  readonly read: readonly string[];
  /** Files left out on purpose. Absolute paths. */
  readonly notRead: readonly string[];
  /** Folder of the records: nothing in it is written by hand. An absolute path. */
  readonly outDir: string;
}

/**
 * Finds files that define contracts but are not read, neither directly nor as an import of a file that is read. Skips packages, hidden
 * folders, and folders with a configuration of their own. A JavaScript file with the name of a TypeScript file and the same contracts
 * counts as its compiled copy.
 * @returns absolute paths, sorted.
 */
export async function unreadContracts({ folder, read, notRead, outDir }: UnreadSearch): Promise<readonly string[]> {
  const known = new Set([...read, ...notRead]);
  const stating: Module[] = [];
  for await (const file of sourcesBelow(folder, outDir)) {
    if (known.has(file)) continue;
    const text = await textOf(file);
    if (STATES.test(text)) stating.push({ file, text });
  }
  if (stating.length === 0) return [];
  const reached = await reachableFrom(read);
  const written = [...reached, ...stating].filter(({ file }) => !COMPILED.test(file));
  const imported = new Set(reached.map(({ file }) => file));
  return stating
    .filter((module) => !imported.has(module.file) && !written.some((source) => isCompiledFrom(module, source)))
    .map(({ file }) => file)
    .toSorted();
}

interface Module {
  readonly file: string;
  readonly text: string;
}

/** Recognises a compiled copy: a compiler keeps the name of the file and the names of the contracts. */
function isCompiledFrom({ file, text }: Module, source: Module): boolean {
  if (!COMPILED.test(file) || stemOf(file) !== stemOf(source.file)) return false;
  const names = Array.from(text.matchAll(/\bname:\s*(['"`])(.*?)\1/g), ([, , name = '']) => name);
  return names.every((name) => source.text.includes(name));
}

const stemOf = (file: string): string => basename(file).replace(/\.[cm]?[jt]sx?$/, '');

async function* sourcesBelow(folder: string, outDir: string): AsyncGenerator<string> {
  const folders = [folder];
  for (let current = folders.pop(); current !== undefined; current = folders.pop()) {
    const entries = await entriesOf(current);
    if (current !== folder && entries.some(({ name }) => isConfigurationName(name))) continue;
    for (const entry of entries) {
      const path = join(current, entry.name);
      if (entry.isFile() && SOURCE.test(entry.name)) yield path;
      if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.') && path !== outDir) {
        folders.push(path);
      }
    }
  }
}

/** Lists a folder. Returns nothing for one that is unreadable or already gone: a run could not have read anything in it. */
async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

const ABSENT = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM'];
const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ABSENT.includes(String(error.code));

async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    return size > LARGEST_BYTES ? '' : await readFile(file, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return '';
    throw error;
  }
}

/** Returns the files and their imports from the project, recursively. */
async function reachableFrom(files: readonly string[]): Promise<readonly Module[]> {
  const reached = new Map<string, Module>();
  const rest = [...files];
  for (let file = rest.pop(); file !== undefined; file = rest.pop()) {
    if (reached.has(file)) continue;
    const text = await textOf(file);
    if (text === '') continue;
    reached.set(file, { file, text });
    rest.push(...possibleImports(file, text));
  }
  return [...reached.values()];
}
