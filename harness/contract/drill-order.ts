import { drillName } from '../drill/new-record.ts';
import type { Contract } from '../model/contract.ts';
import { providerOf } from '../registered/providers.ts';
import { scalesOf } from './drill-contract.ts';
import { needsOf } from './wanted-parts.ts';

export interface PlannedDrill {
  readonly contract: Contract;
  readonly disaster: string;
}

/** Returns the drills of the contracts in the order of the table. */
export const plannedDrills = (contracts: readonly Contract[]): readonly PlannedDrill[] =>
  contracts.flatMap((contract) => contract.survives.map((disaster) => ({ contract, disaster })));

/**
 * Sorts the longest first, so that concurrent drills end at about the same time. Lengths come from earlier runs, by the name of the drill;
 * estimates replace unknown ones.
 */
export const longestFirst = (
  drills: readonly PlannedDrill[],
  knownMs: ReadonlyMap<string, number> = new Map(),
): readonly PlannedDrill[] => {
  const lengthMs = (drill: PlannedDrill) =>
    knownMs.get(drillName(drill.contract.name, drill.disaster)) ?? estimatedMs(drill);
  return drills.toSorted((one, other) => lengthMs(other) - lengthMs(one));
};

const estimatedMs = ({ contract, disaster }: PlannedDrill): number => {
  const byNeeds = needsOf(contract).reduce((sum, need) => sum + (providerOf(need)?.typicalDrillS ?? 0), 0);
  // A later disaster in `survives` usually destroys more.
  const seconds = byNeeds * (1 + contract.survives.indexOf(disaster));
  return seconds * scalesOf(contract).length * 1_000;
};
