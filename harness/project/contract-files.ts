import type { Dirent } from 'node:fs';
import { glob } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { ContractMistakeError, ExplainedError } from '../model/errors.ts';
import type { ConfiguredFolder } from './config.ts';
import type { ContractMistake } from './mistakes.ts';
import { unreadContracts } from './unread-contracts.ts';

/** The contract files of a project. */
export interface ContractFiles {
  /** Project's folder: messages name files relative to it. */
  readonly folder: string;
  /** Absolute paths, sorted by name. */
  readonly files: readonly string[];
  /** Unread files that contain contracts, or whose names match except for the extension. */
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
  const mistakes = await notReadOf({ folder, config }, files);
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

/**
 * Returns the contracts that nothing reads: each is a mistake, because a run would pass without them.
 * @param read files that are read. Absolute paths.
 */
export async function notReadOf(
  { folder, config }: Pick<ConfiguredFolder, 'folder' | 'config'>,
  read: readonly string[],
): Promise<readonly ContractMistake[]> {
  const { contracts: globs, notRead, out } = config;
  const leftOut = await filesMatching(notRead, folder);
  const misnamed = (await nearMissesOf(read, globs, folder)).filter((file) => !leftOut.includes(file));
  const unread = await unreadContracts({ folder, read, notRead: leftOut, outDir: resolve(folder, out) });
  return [...new Set([...misnamed, ...unread])]
    .toSorted()
    .map((file) =>
      mistakeOf(relative(folder, file), globs, misnamed.includes(file) ? endingOf(globs, read) : undefined),
    );
}

/** Returns the absolute paths of the files that these globs match, sorted, without node_modules. */
export async function filesMatching(globs: readonly string[], folder: string): Promise<readonly string[]> {
  const files = new Set<string>();
  const options = { cwd: folder, withFileTypes: true, exclude: ({ name }: Dirent) => name === 'node_modules' } as const;
  for await (const entry of glob(globs, options)) {
    if (entry.isFile()) files.add(resolve(folder, entry.parentPath, entry.name));
  }
  return [...files].toSorted();
}

const ENDING = /\.[^./]+$/;
const withoutEnding = (file: string): string => file.replace(ENDING, '');

/** Returns files that would match with another extension, e.g. payments.spec.ts where *.spec.mts is read. Ignores compiled copies. */
async function nearMissesOf(files: readonly string[], globs: readonly string[], folder: string) {
  const wider = globs
    .filter((each) => ENDING.test(each))
    .map((each) => each.replace(ENDING, '.{ts,mts,cts,js,mjs,cjs}'));
  const read = new Set(files.map(withoutEnding));
  return (await filesMatching(wider, folder)).filter((file) => !read.has(withoutEnding(file)));
}

/** Returns the extension of contract files here; undefined where there are several. */
function endingOf(globs: readonly string[], read: readonly string[]): string | undefined {
  const ending = ENDING.exec(read[0] ?? globs[0] ?? '')?.[0] ?? '.ts';
  return /[{*?]/.test(ending) ? undefined : ending;
}

const LEAVE_OUT = 'or name it in `notRead` if it is left out on purpose';

/** @param ending the extension that the file should have, where the rest of its name is right. */
function mistakeOf(file: string, globs: readonly string[], ending: string | undefined): ContractMistake {
  const rename = ending === undefined ? 'Move or rename it' : `Rename it to ${withoutEnding(basename(file))}${ending}`;
  return {
    contract: undefined,
    file,
    error: new ContractMistakeError({
      thing: file,
      expected: `a name that the configuration reads (${globs.join(', ')})`,
      observed: `${ending === undefined ? 'it has another name' : 'it has another ending'}, so its contracts would be left out`,
      nextStep: `${rename}, or change \`contracts\` in the configuration, ${LEAVE_OUT}.`,
    }),
  };
}
