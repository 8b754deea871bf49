import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import type { PostureContract } from '../model/posture.ts';
import type { Capability } from '../model/service.ts';
import { suggestion } from '../model/suggestion.ts';
import type { TargetName } from '../targets/wishes.ts';

/** A contract that was not drilled, or a posture that was not checked, because the target has not what it needs and nobody asked for it by name. */
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

/** The parts of a target that the postures use: what they need, and what they only prefer. */
export const partsOfPostures = (postures: readonly PostureContract[]): readonly Capability[] => [
  ...new Set(postures.flatMap(({ needs, prefers }) => [...needs, ...prefers])),
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
  const { kept, leftOut } = partitionBy(contracts, needsOf, carried, drillAll);
  return { contracts: kept, leftOut };
}

/** The same of postures: one of which a part is lacking cannot be put in place, or not be checked whole. */
export function partitionPostures(
  postures: readonly PostureContract[],
  carried: readonly Capability[],
  checkAll: boolean,
): { readonly postures: readonly PostureContract[]; readonly leftOut: readonly LeftOut[] } {
  const { kept, leftOut } = partitionBy(postures, ({ needs }) => needs, carried, checkAll);
  return { postures: kept, leftOut };
}

function partitionBy<Promised extends { readonly name: string }>(
  promises: readonly Promised[],
  needs: (promised: Promised) => readonly Capability[],
  carried: readonly Capability[],
  keepAll: boolean,
): { readonly kept: readonly Promised[]; readonly leftOut: readonly LeftOut[] } {
  const lackingOf = (promised: Promised) => needs(promised).filter((need) => !carried.includes(need));
  if (keepAll) return { kept: promises, leftOut: [] };
  return {
    kept: promises.filter((promised) => lackingOf(promised).length === 0),
    leftOut: promises
      .filter((promised) => lackingOf(promised).length > 0)
      .map((promised) => ({ contract: promised.name, lacking: lackingOf(promised) })),
  };
}
