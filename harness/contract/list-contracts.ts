import type { ContractFiles } from '../project/contract-files.ts';
import type { ContractMistake } from '../project/mistakes.ts';
import { checkPromises, drillsOf, loadPromises } from './load.ts';

export interface ContractList {
  readonly contracts: readonly { readonly name: string; readonly drills: readonly string[]; readonly file: string }[];
  readonly mistakes: readonly ContractMistake[];
}

/** What there is to run, without running it. */
export async function listContracts(contractFiles: ContractFiles): Promise<ContractList> {
  const { contracts, postures, mistakes } = await checkPromises(await loadPromises(contractFiles));
  const listed = [
    ...contracts.map((contract) => ({
      name: contract.name,
      drills: drillsOf(contract),
      file: contract.sourceFile ?? '',
    })),
    ...postures.map(({ name, checks, sourceFile }) => ({
      name,
      drills: checks.map((check) => `posture: ${check.name}`),
      file: sourceFile ?? '',
    })),
  ];
  return { contracts: listed, mistakes };
}
