import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import { suggestion } from '../model/suggestion.ts';
import type { Capability } from '../model/target.ts';
import type { TargetName } from '../targets/wishes.ts';

/** A contract that was not drilled, because the target has not what it needs and nobody asked for it by name. */
export interface LeftOut {
  readonly contract: string;
  readonly lacking: readonly Capability[];
  /** Why the project expects that, as its configuration says. */
  readonly reason?: string;
  /** Whether the run fails for it: a pipeline must not prove less than it seems to. */
  readonly failsRun?: boolean;
}

/** What the configuration says of contracts that a target cannot run: by target, by contract, why. */
export type NotOn = Readonly<Partial<Record<TargetName, Readonly<Record<string, string>>>>>;

/** Adds to each contract that was left out the reason that the project gives, and whether the run fails for it. */
export const excused = (
  leftOut: readonly LeftOut[],
  reasons: Readonly<Record<string, string>>,
  mustRunAll: boolean,
): readonly LeftOut[] =>
  leftOut.map((each) => {
    const reason = Object.hasOwn(reasons, each.contract) ? reasons[each.contract] : undefined;
    if (reason !== undefined) return { ...each, reason };
    return mustRunAll ? { ...each, failsRun: true } : each;
  });

/** @throws {ExplainedError} when `notOn` names a contract that there is not: a renamed contract must not stay excused. */
export function requireKnown(notOn: NotOn, known: readonly string[]): void {
  for (const [target, reasons] of Object.entries(notOn)) {
    for (const name of Object.keys(reasons)) {
      if (known.includes(name)) continue;
      throw new ExplainedError({
        thing: `configuration: notOn.${target}`,
        expected: `names of contracts (${known.join(', ')})`,
        observed: `it names "${name}"${suggestion(name, known)}`,
        nextStep: 'Correct or remove the name.',
      });
    }
  }
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
