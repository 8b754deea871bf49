import type { PromiseFacts } from '../evidence/entry.ts';
import { isContractMistake } from '../model/errors.ts';
import { contractFilesOf } from '../project/contract-files.ts';
import { type ContractMistake, isOfAuthor, mistakeRecord } from '../project/mistakes.ts';
import type { Project } from '../project/prepare-run.ts';
import { checkPromises, loadPromises } from './load.ts';
import { promiseFacts } from './promise-facts.ts';

/** What a project promises now, and what of it cannot be read. */
export interface StatedPromises {
  readonly promises: readonly PromiseFacts[];
  readonly mistakes: readonly ReturnType<typeof mistakeRecord>[];
}

/** Reads every contract of a project. A mistake keeps nobody from seeing the other contracts; a project without contracts promises nothing. */
export async function statedPromises(project: Project): Promise<StatedPromises> {
  let files: Awaited<ReturnType<typeof contractFilesOf>>;
  try {
    files = await contractFilesOf(project);
  } catch (error) {
    if (!isOfAuthor(error)) throw error;
    // Either there are none, or only files that look like contracts and are not read.
    const mistakes = isContractMistake(error) ? [mistakeRecord({ contract: undefined, file: '', error })] : [];
    return { promises: [], mistakes };
  }
  const { mistakes: found, ...sound } = await checkPromises(await loadPromises(files));
  const mistakes: ContractMistake[] = [...found];
  const promises = await promiseFacts(sound, project, (mistake) => mistakes.push(mistake));
  return { promises, mistakes: mistakes.map(mistakeRecord) };
}
