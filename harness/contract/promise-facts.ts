import type { PromiseFacts } from '../evidence/entry.ts';
import type { Contract } from '../model/contract.ts';
import type { PostureContract } from '../model/posture.ts';
import { contractInputsIn, type InputFolders, type NamedInputs } from '../project/contract-inputs.ts';
import { type ContractMistake, isOfAuthor } from '../project/mistakes.ts';
import type { Promises } from './load.ts';

/** The priority under which a posture contract is listed: it has none of its own. */
export const POSTURE_PRIORITY = 'posture';

/**
 * Everything that a project promises, with the files behind it as they are now.
 * @param onMistake told of a contract that names a file which cannot be read; without it, such a contract is an error.
 * @throws {ContractMistakeError} for such a contract.
 */
export async function promiseFacts(
  { contracts, postures }: Pick<Promises, 'contracts' | 'postures'>,
  folders: InputFolders,
  onMistake?: (mistake: ContractMistake) => void,
): Promise<readonly PromiseFacts[]> {
  const inputsOf = contractInputsIn(folders);
  const drilled = contracts.map(
    (contract) => async (): Promise<PromiseFacts> => ({
      ...commonFacts(contract),
      priority: contract.priority,
      disasters: [...contract.survives],
      inputs: [...(await inputsOf(inputsNamedBy(contract)))],
    }),
  );
  const checked = postures.map(
    (posture) => async (): Promise<PromiseFacts> => ({
      ...commonFacts(posture),
      priority: POSTURE_PRIORITY,
      disasters: [],
      inputs: [...(await inputsOf(inputsNamedBy(posture)))],
    }),
  );
  const all = [...contracts, ...postures];
  const facts: PromiseFacts[] = [];
  for (const [index, factsOf] of [...drilled, ...checked].entries()) {
    try {
      facts.push(await factsOf());
    } catch (error) {
      if (onMistake === undefined || !isOfAuthor(error)) throw error;
      const { name, sourceFile = '' } = all[index] ?? { name: undefined };
      onMistake({ contract: name, file: sourceFile, error });
    }
  }
  return facts;
}

function commonFacts({ name, sourceFile, owner, controls }: Contract | PostureContract) {
  return { contract: name, file: sourceFile ?? null, owner, controls: [...controls], cadenceMs: null };
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
