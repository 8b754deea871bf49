import type { Dirent } from 'node:fs';
import { glob } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { ContractMistakeError, ExplainedError } from '../model/errors.ts';
import type { ConfiguredFolder } from './config-file.ts';
import type { ContractMistake } from './mistakes.ts';

/** The contract files of a project. */
export interface ContractFiles {
  /** The project's folder: files are named to a reader from there. */
  readonly folder: string;
  /** Absolute paths, in the order of their names. */
  readonly files: readonly string[];
  /** Files that look like contracts and are not read, because only their ending does not match. */
  readonly mistakes: readonly ContractMistake[];
}

/**
 * Finds the contract files of a project.
 * @throws {ExplainedError} when there are none.
 */
export async function contractFilesOf({
  folder,
  config,
}: Pick<ConfiguredFolder, 'folder' | 'config'>): Promise<ContractFiles> {
  const files = await filesMatching(config.contracts, folder);
  const nearMisses = await nearMissesOf(files, config.contracts, folder);
  const mistakes = nearMisses.map((file) => notRead(relative(folder, file), config.contracts, files));
  if (files.length > 0) return { folder, files, mistakes };
  const [first] = mistakes;
  if (first !== undefined) throw first.error;
  throw new ExplainedError({
    thing: `folder ${folder}`,
    expected: `contracts in ${config.contracts.join(', ')}`,
    observed: 'there are none',
    nextStep: 'Go to the folder that holds contracts/, or run `npx dr-contracts init`, which writes a first contract.',
  });
}

async function filesMatching(globs: readonly string[], folder: string): Promise<readonly string[]> {
  const files = new Set<string>();
  const options = { cwd: folder, withFileTypes: true, exclude: ({ name }: Dirent) => name === 'node_modules' } as const;
  for await (const entry of glob(globs, options)) {
    if (entry.isFile()) files.add(resolve(folder, entry.parentPath, entry.name));
  }
  return [...files].toSorted();
}

const ENDING = /\.[^./]+$/;
const withoutEnding = (file: string): string => file.replace(ENDING, '');

/** Files that would match if they had another ending, such as payments.spec.ts where *.spec.mts is read. Compiled copies are none. */
async function nearMissesOf(files: readonly string[], globs: readonly string[], folder: string) {
  const wider = globs
    .filter((each) => ENDING.test(each))
    .map((each) => each.replace(ENDING, '.{ts,mts,cts,js,mjs,cjs}'));
  const read = new Set(files.map(withoutEnding));
  return (await filesMatching(wider, folder)).filter((file) => !read.has(withoutEnding(file)));
}

function notRead(file: string, globs: readonly string[], files: readonly string[]): ContractMistake {
  const ending = ENDING.exec(files[0] ?? globs[0] ?? '')?.[0] ?? '.ts';
  const rename = /[{*?]/.test(ending) ? '' : `Rename it to ${withoutEnding(basename(file))}${ending}, or c`;
  return {
    contract: undefined,
    file,
    error: new ContractMistakeError({
      thing: file,
      expected: `a name that the configuration reads (${globs.join(', ')})`,
      observed: 'its ending is another one, so its contracts would be left out',
      nextStep: `${rename === '' ? 'C' : rename}hange \`contracts\` in the configuration.`,
    }),
  };
}
