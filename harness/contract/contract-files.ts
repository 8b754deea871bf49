import type { Dirent } from 'node:fs';
import { glob } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ExplainedError } from '../model/errors.ts';
import type { ConfiguredFolder } from './config-file.ts';

/**
 * The contract files of a project, in the order of their names.
 * @throws {ExplainedError} when there are none.
 */
export async function contractFilesOf({
  folder,
  config,
}: Pick<ConfiguredFolder, 'folder' | 'config'>): Promise<readonly string[]> {
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
