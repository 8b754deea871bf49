import { glob } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ExplainedError } from '../model/errors.ts';

const PATTERN = 'contracts/**/*.spec.ts';

/**
 * The contract files below a folder, in the order of their names.
 * @throws {ExplainedError} when there are none.
 */
export async function findContractFiles(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const file of glob(PATTERN, { cwd: folder, exclude: ['**/node_modules/**'] })) {
    files.push(resolve(folder, file));
  }
  if (files.length > 0) return files.toSorted();
  throw new ExplainedError({
    thing: `folder ${folder}`,
    expected: `contracts in ${PATTERN}`,
    observed: 'there are none',
    nextStep: 'Go to the folder that holds contracts/, or write a first contract there.',
  });
}
