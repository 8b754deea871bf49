import type { Contract } from '../model/contract.ts';
import type { Capability } from '../model/target.ts';

/** A contract that was not drilled, because the target has not what it needs and nobody asked for it by name. */
export interface LeftOut {
  readonly contract: string;
  readonly lacking: readonly Capability[];
}

export const needsOf = ({ asset, protectedBy }: Contract): readonly Capability[] => [
  ...new Set([...asset.needs, ...protectedBy.needs]),
];

export const partsOf = (contracts: readonly Contract[]): readonly Capability[] => [
  ...new Set(contracts.flatMap((contract) => [...needsOf(contract), ...(contract.protectedBy.prefers ?? [])])),
];

/** Which contracts are drilled, and which are left out; none is when `drillAll`: it is `unproven` then, by name. */
export function partition(
  contracts: readonly Contract[],
  carried: readonly Capability[],
  drillAll: boolean,
): { readonly contracts: readonly Contract[]; readonly leftOut: readonly LeftOut[] } {
  const lackingOf = (contract: Contract) => needsOf(contract).filter((need) => !carried.includes(need));
  if (drillAll) return { contracts, leftOut: [] };
  return {
    contracts: contracts.filter((contract) => lackingOf(contract).length === 0),
    leftOut: contracts
      .filter((contract) => lackingOf(contract).length > 0)
      .map((contract) => ({ contract: contract.name, lacking: lackingOf(contract) })),
  };
}
