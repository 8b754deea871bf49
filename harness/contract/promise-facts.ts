import type { PromiseFacts } from '../evidence/entry.ts';
import type { Contract } from '../model/contract.ts';
import type { PostureContract } from '../model/posture.ts';
import { contractInputsIn, type InputFolders } from '../project/contract-inputs.ts';
import type { Promises } from './load.ts';

/** The priority under which a posture contract is listed: it has none of its own. */
export const POSTURE_PRIORITY = 'posture';

/**
 * Everything that a project promises, with the files behind it as they are now.
 * @throws {ContractMistakeError} for a contract that names a file which does not exist.
 */
export async function promiseFacts(
  { contracts, postures }: Pick<Promises, 'contracts' | 'postures'>,
  folders: InputFolders,
): Promise<readonly PromiseFacts[]> {
  const inputsOf = contractInputsIn(folders);
  const drilled = contracts.map(
    async (contract): Promise<PromiseFacts> => ({
      ...commonFacts(contract),
      priority: contract.priority,
      disasters: [...contract.survives],
      inputs: [...(await inputsOf({ ...contract, reads: pathsOfContract(contract) }))],
    }),
  );
  const checked = postures.map(
    async (posture): Promise<PromiseFacts> => ({
      ...commonFacts(posture),
      priority: POSTURE_PRIORITY,
      disasters: [],
      inputs: [...(await inputsOf({ ...posture, reads: pathsOfPosture(posture), wholeFolders: true }))],
    }),
  );
  return await Promise.all([...drilled, ...checked]);
}

function commonFacts({ name, sourceFile, owner, controls }: Contract | PostureContract) {
  return { contract: name, file: sourceFile ?? null, owner, controls: [...controls], cadenceMs: null };
}

const pathsOfContract = ({ asset, protectedBy }: Contract): readonly string[] => [
  ...(asset.reads ?? []),
  ...(protectedBy.reads ?? []),
];

const pathsOfPosture = ({ appliedBy, checks }: PostureContract): readonly string[] => [
  ...(appliedBy === undefined ? [] : [appliedBy]),
  ...checks.flatMap(({ reads = [] }) => reads),
];
