import { drillsOf, loadPromises } from './load.ts';

/** What there is to run, without running it. */
export async function listContracts(
  contractFiles: readonly string[],
): Promise<readonly { readonly name: string; readonly drills: readonly string[]; readonly file: string }[]> {
  const { contracts, postures } = await loadPromises(contractFiles);
  return [
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
}
