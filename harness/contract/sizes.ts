import type { Contract } from '../model/contract.ts';
import type { DrillRecord, FindingName, SizePoint } from '../model/record.ts';
import { isKept } from '../model/verdict-names.ts';

/** Multiples of the seed at which a contract with a production size is drilled: four points, a factor of eight apart. */
const SCALES = [1, 2, 4, 8] as const;

/** The sizes at which a contract is drilled. */
export const scalesOf = ({ productionSizeBytes }: Pick<Contract, 'productionSizeBytes'>): readonly number[] =>
  productionSizeBytes === undefined ? [1] : SCALES;
/** The findings that depend on the schedule alone, and the RTO, which all sizes decide together. */
const NO_MATTER_OF_SIZE: readonly FindingName[] = ['rto', 'exposure', 'freshness'];

export interface SizedDrill {
  readonly scale: number;
  readonly earlierSizes: readonly SizePoint[];
}

/**
 * Runs the drill once, or, where the contract declares a production size, at several sizes, and returns the last record:
 * the largest, with the points of all, or the first that is not proved.
 */
export async function drillThroughSizes(
  contract: Contract,
  drill: (size: SizedDrill) => Promise<DrillRecord>,
): Promise<DrillRecord> {
  if (contract.productionSizeBytes === undefined) return drill({ scale: 1, earlierSizes: [] });
  let record: DrillRecord | undefined;
  for (const scale of SCALES) {
    record = await drill({ scale, earlierSizes: record?.sizes ?? [] });
    const sound = record.judgement?.findings.every(
      ({ name, verdict }) => NO_MATTER_OF_SIZE.includes(name) || isKept(verdict),
    );
    if (record.failure !== null || sound !== true) return record;
  }
  if (record === undefined) throw new Error('no size was drilled');
  return record;
}
