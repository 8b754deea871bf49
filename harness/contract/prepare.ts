import { manifestRenderer } from '../manifests/render.ts';
import type { Contract } from '../model/contract.ts';
import type { RenderManifests } from '../model/rendering.ts';
import type { ContractMistake } from '../project/mistakes.ts';
import { isOfAuthor } from '../project/mistakes.ts';
import type { Promises } from './load.ts';

/** Returns whether a contract names manifests that have not been rendered. */
export const namesManifests = ({ asset, protectedBy }: Pick<Contract, 'asset' | 'protectedBy'>): boolean =>
  asset.prepared !== undefined || protectedBy.prepared !== undefined;

/**
 * Returns the contract with its rendered manifests. Drills and judgements use kubectl's output.
 * @throws {ContractMistakeError} for a mistake in the contract or in its manifests.
 */
async function prepareContract(contract: Contract, render: RenderManifests): Promise<Contract> {
  const { asset, protectedBy } = contract;
  const [preparedAsset, preparedProcedure] = await Promise.all([
    asset.prepared?.(render),
    protectedBy.prepared?.(render),
  ]);
  return { ...contract, asset: preparedAsset ?? asset, protectedBy: preparedProcedure ?? protectedBy };
}

/**
 * Returns the contracts as they are drilled.
 * @param kubectl returns the path of the kubectl that renders manifests; called only where a contract names some.
 * @throws {ContractMistakeError} for the first mistake in manifests.
 */
export async function withManifests(
  contracts: readonly Contract[],
  kubectl: () => string | Promise<string>,
  signal: AbortSignal,
): Promise<readonly Contract[]> {
  if (!contracts.some(namesManifests)) return contracts;
  const render = manifestRenderer(await kubectl(), signal);
  return await Promise.all(contracts.map((contract) => prepareContract(contract, render)));
}

/** Prepares all contracts at once. Leaves out one whose manifests contain a mistake, and reports the mistake. */
export async function preparePromises(
  { contracts, postures, mistakes }: Promises,
  render: RenderManifests,
): Promise<Promises> {
  const found: ContractMistake[] = [...mistakes];
  const prepared = await Promise.all(
    contracts.map(async (contract) => {
      try {
        return [await prepareContract(contract, render)];
      } catch (error) {
        if (!isOfAuthor(error)) throw error;
        found.push({ contract: contract.name, file: contract.sourceFile ?? '', error });
        return [];
      }
    }),
  );
  return { contracts: prepared.flat(), postures, mistakes: found };
}
