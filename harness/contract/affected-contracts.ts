import { resolve, sep } from 'node:path';
import { contractFilesOf } from '../project/contract-files.ts';
import { inputPlacesOf } from '../project/contract-inputs.ts';
import { git } from '../project/git.ts';
import { throwMistakes } from '../project/mistakes.ts';
import type { Project } from '../project/prepare-run.ts';
import { checkPromises, loadPromises } from './load.ts';
import { inputsNamedBy } from './promise-facts.ts';

/** The contracts of a project whose files changed. */
export interface Affected {
  readonly contracts: readonly string[];
  /** How many there are. */
  readonly of: number;
}

/**
 * The contracts whose definition, scripts or manifests are not what they were in a commit. A change of the configuration affects all of
 * them. A file that git does not track counts as changed, because nobody knows what it was.
 * @param since a commit that the repository knows.
 * @throws {ExplainedError} outside of a repository, or for a contract that is not valid: it may be what changed.
 */
export async function affectedContracts(project: Project, since: string, signal: AbortSignal): Promise<Affected> {
  const { contracts, postures, mistakes } = await checkPromises(await loadPromises(await contractFilesOf(project)));
  throwMistakes(mistakes);
  const changes = await changesSince(project.folder, since, signal);
  const all = [...contracts, ...postures];
  const isConfigured = project.configFile !== undefined && changes.isChanged(project.configFile);
  const affected = all.filter(
    (each) => isConfigured || isAffected(inputPlacesOf(inputsNamedBy(each), project), changes),
  );
  return { contracts: affected.map(({ name }) => name), of: all.length };
}

interface Changes {
  /** Absolute paths: changed, added or removed since. */
  readonly paths: ReadonlySet<string>;
  isChanged(path: string): boolean;
}

function isAffected({ files, wholeFolders }: ReturnType<typeof inputPlacesOf>, { paths, isChanged }: Changes): boolean {
  if ([...files].some(isChanged)) return true;
  const folders = [...wholeFolders].map((folder) => folder + sep);
  return [...paths].some((path) => folders.some((folder) => path.startsWith(folder)));
}

async function changesSince(folder: string, since: string, signal: AbortSignal): Promise<Changes> {
  const root = (await git(folder, ['rev-parse', '--show-toplevel'], signal)).replace(/\n$/, '');
  const listed = async (args: readonly string[]) =>
    (await git(root, args, signal))
      .split('\0')
      .filter((path) => path !== '')
      .map((path) => resolve(root, path));
  const changed = await listed(['diff', '--name-only', '--no-renames', '-z', '--end-of-options', since, '--']);
  const untracked = await listed(['ls-files', '--others', '--exclude-standard', '-z']);
  const tracked = new Set(await listed(['ls-files', '-z']));
  const paths = new Set([...changed, ...untracked]);
  return { paths, isChanged: (path) => paths.has(path) || !tracked.has(path) };
}
