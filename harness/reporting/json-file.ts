import { readFile } from 'node:fs/promises';
import { isNotThere } from './system-error.ts';

/** The content of a JSON file; undefined where there is no such file, or it holds no JSON. It has to be validated. */
export async function jsonOf(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || isNotThere(error)) return undefined;
    throw error;
  }
}
