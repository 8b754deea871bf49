import type { PromiseFacts } from '../evidence/entry.ts';
import type { Contract } from '../model/contract.ts';
import type { PostureContract } from '../model/posture.ts';
import { platformFolder } from '../process/platform-folder.ts';
import { contractInputsIn, type InputFolders, type NamedInputs } from '../project/contract-inputs.ts';
import { type ContractMistake, isOfAuthor } from '../project/mistakes.ts';
import type { Promises } from './load.ts';

/** The priority under which a posture contract is listed: it has none of its own. */
const POSTURE_PRIORITY = 'posture';

/** Told of a contract that names a file which cannot be read. */
export type OnMistake = (mistake: ContractMistake) => 'leave it out' | 'list it without inputs';

/**
 * Everything that a project promises, with the files behind it as they are now.
 * @param onMistake says what becomes of a contract whose files are not all there; without it, such a contract is an error.
 * @throws {ContractMistakeError} for such a contract.
 */
export async function promiseFacts(
  { contracts, postures }: Pick<Promises, 'contracts' | 'postures'>,
  folders: InputFolders,
  onMistake?: OnMistake,
): Promise<readonly PromiseFacts[]> {
  const inputsOf = contractInputsIn(folders);
  const facts: PromiseFacts[] = [];
  for (const promise of [...contracts, ...postures]) {
    let inputs: PromiseFacts['inputs'] = [];
    try {
      inputs = [...(await inputsOf(inputsNamedBy(promise)))];
    } catch (error) {
      if (onMistake === undefined || !isOfAuthor(error)) throw error;
      const { name, sourceFile = '' } = promise;
      if (onMistake({ contract: name, file: sourceFile, error }) === 'leave it out') continue;
    }
    facts.push(factsOf(promise, inputs));
  }
  return facts;
}

/**
 * Everything that a project promises when a run begins. A contract whose files are not all there is listed without inputs, which no later
 * state of the project equals: it proves nothing for that.
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

/** What a contract or a posture contract hands to its parts. */
export function inputsNamedBy(promise: Contract | PostureContract): NamedInputs {
  const { name, sourceFile } = promise;
  if ('protectedBy' in promise) {
    const { asset, protectedBy } = promise;
    return { name, sourceFile, reads: [...(asset.reads ?? []), ...(protectedBy.reads ?? [])] };
  }
  const { appliedBy, checks } = promise;
  const reads = [...(appliedBy === undefined ? [] : [appliedBy]), ...checks.flatMap((check) => check.reads ?? [])];
  // A check may look at everything below a folder, whatever a kustomization there names.
  return { name, sourceFile, reads, wholeFolders: true };
}
