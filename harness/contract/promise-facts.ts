import { resolve, sep } from 'node:path';
import type { PromiseFacts } from '../evidence/entry.ts';
import type { Contract } from '../model/contract.ts';
import { isContractMistake } from '../model/errors.ts';
import type { PostureContract } from '../model/posture.ts';
import { git } from '../process/git.ts';
import { platformFolder } from '../process/platform-folder.ts';
import { contractFilesOf } from '../project/contract-files.ts';
import { contractInputsIn, type InputFolders, inputPlacesOf, type NamedInputs } from '../project/contract-inputs.ts';
import { type ContractMistake, isOfAuthor, mistakeRecord, throwMistakes } from '../project/mistakes.ts';
import type { Project } from '../project/prepare-run.ts';
import { checkPromises, loadPromises, type Promises } from './load.ts';

/** Priority under which a posture contract is listed, because it has none. */
const POSTURE_PRIORITY = 'posture';

/** Called for a contract that names an unreadable file. */
type OnMistake = (mistake: ContractMistake) => 'leave it out' | 'list it without inputs';

/**
 * Returns everything that a project promises, with the present files behind it.
 * @param onMistake decides about a contract with missing files.
 */
async function promiseFacts(
  { contracts, postures }: Pick<Promises, 'contracts' | 'postures'>,
  folders: InputFolders,
  onMistake: OnMistake,
): Promise<readonly PromiseFacts[]> {
  const inputsOf = contractInputsIn(folders);
  const facts: PromiseFacts[] = [];
  for (const promise of [...contracts, ...postures]) {
    let inputs: PromiseFacts['inputs'] = [];
    try {
      inputs = [...(await inputsOf(inputsNamedBy(promise)))];
    } catch (error) {
      if (!isOfAuthor(error)) throw error;
      const { name, sourceFile = '' } = promise;
      if (onMistake({ contract: name, file: sourceFile, error }) === 'leave it out') continue;
    }
    facts.push(factsOf(promise, inputs));
  }
  return facts;
}

/**
 * Returns everything that a project promises when a run begins. A contract with missing files is listed without inputs; no later state of
 * the project equals that, so the run proves nothing for it.
 */
export async function plannedPromises(
  promises: Pick<Promises, 'contracts' | 'postures'>,
  project: Omit<InputFolders, 'platformDir'>,
): Promise<readonly PromiseFacts[]> {
  return await promiseFacts(promises, { ...project, platformDir: platformFolder() }, () => 'list it without inputs');
}

function factsOf(promise: Contract | PostureContract, inputs: PromiseFacts['inputs']): PromiseFacts {
  const { name, sourceFile, owner, controls, cadenceMs = null, audit } = promise;
  const common = {
    contract: name,
    file: sourceFile ?? null,
    owner,
    controls: [...controls],
    cadenceMs,
    ...(audit === undefined ? {} : { audit }),
    inputs,
  };
  return 'protectedBy' in promise
    ? { ...common, priority: promise.priority, disasters: [...promise.survives] }
    : { ...common, priority: POSTURE_PRIORITY, disasters: [] };
}

/** Returns the inputs that a contract or a posture contract passes to its parts. */
export function inputsNamedBy(promise: Contract | PostureContract): NamedInputs {
  const { name, sourceFile } = promise;
  if ('protectedBy' in promise) {
    const { asset, protectedBy } = promise;
    return { name, sourceFile, reads: [...(asset.reads ?? []), ...(protectedBy.reads ?? [])] };
  }
  const { appliedBy, checks } = promise;
  const reads = [...(appliedBy === undefined ? [] : [appliedBy]), ...checks.flatMap((check) => check.reads ?? [])];
  // A check may read everything below a folder, whatever a kustomization there names.
  return { name, sourceFile, reads, wholeFolders: true };
}

/** A project's present promises, and the problems of reading them. */
interface StatedPromises {
  readonly promises: readonly PromiseFacts[];
  readonly mistakes: readonly ReturnType<typeof mistakeRecord>[];
}

/** Reads every contract of a project. A mistake does not hide the other contracts; a project without contracts promises nothing. */
export async function statedPromises(project: Project): Promise<StatedPromises> {
  let files: Awaited<ReturnType<typeof contractFilesOf>>;
  try {
    files = await contractFilesOf(project);
  } catch (error) {
    if (!isOfAuthor(error)) throw error;
    // There are no contracts, or only files that look like contracts and are not read.
    const mistakes = isContractMistake(error) ? [mistakeRecord({ contract: undefined, file: '', error })] : [];
    return { promises: [], mistakes };
  }
  const { mistakes: found, ...sound } = await checkPromises(await loadPromises(files));
  const mistakes: ContractMistake[] = [...found];
  const promises = await promiseFacts(sound, project, (mistake) => {
    mistakes.push(mistake);
    return 'leave it out';
  });
  return { promises, mistakes: mistakes.map(mistakeRecord) };
}

/** Contracts of a project whose files changed. */
export interface Affected {
  readonly contracts: readonly string[];
  /** Number of all contracts. */
  readonly of: number;
}

/**
 * Returns the contracts whose definition, scripts or manifests differ from a commit. A change of the configuration affects all of them. A
 * file that git does not track counts as changed, because its earlier content is unknown.
 * @param since a commit that the repository knows.
 * @throws {ExplainedError} outside of a repository, or for an invalid contract: it may be the changed one.
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
