import type { Dirent } from 'node:fs';
import { glob } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ExplainedError } from '../model/errors.ts';
import { openProject, type Project } from './project.ts';

/**
 * The contract files of the project in a folder, or of the given configuration, in the order of their names.
 * @throws {ExplainedError} when there are none, or the configuration is wrong.
 */
export async function findContractFiles(cwd: string, config?: string): Promise<readonly string[]> {
  return await contractFilesOf(await openProject(cwd, config));
}

/** @throws {ExplainedError} when there are none. */
export async function contractFilesOf({ folder, config }: Project): Promise<readonly string[]> {
  const files = new Set<string>();
  const options = { cwd: folder, withFileTypes: true, exclude: ({ name }: Dirent) => name === 'node_modules' } as const;
  for await (const entry of glob(config.contracts, options)) {
    if (entry.isFile()) files.add(resolve(folder, entry.parentPath, entry.name));
  }
  if (files.size > 0) return [...files].toSorted();
  throw new ExplainedError({
    thing: `folder ${folder}`,
    expected: `contracts in ${config.contracts.join(', ')}`,
    observed: 'there are none',
    nextStep: 'Go to the folder that holds contracts/, or write a first contract there.',
  });
}
