import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

// Node's own `recursive` never returns where a parent exists and refuses a folder with ENOENT, as /proc does (seen with 24.21; of the kind of
// https://github.com/nodejs/node/issues/27198). It does not hear a signal either, so a mistyped folder would hang a command until `kill -9`.

/**
 * Makes a folder and its parents.
 * @param mode of each folder that is made; what is there keeps its own.
 * @throws the system error that Node reports where it cannot be made, or where something else is in its place.
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path), mode);
    await mkdirUnlessThere(path, mode);
  }
}

/** `makeFolder` where nothing can be awaited. */
export function makeFolderSync(path: string, mode?: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && statSync(path).isDirectory()) return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    makeFolderSync(dirname(path), mode);
    try {
      mkdirSync(path, mode);
    } catch (again) {
      if (codeOf(again) !== 'EEXIST' || !statSync(path).isDirectory()) throw again;
    }
  }
}

/** Another process may have made it in the meantime. */
async function mkdirUnlessThere(path: string, mode: number | undefined): Promise<void> {
  try {
    await mkdir(path, mode);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
