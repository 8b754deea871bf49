import type { OpenAsset } from '../model/asset.ts';
import type { Contract } from '../model/contract.ts';
import type { PointName } from '../model/record.ts';

/**
 * The disaster of a contract that restores the older of two recovery points: the first of `survives` that takes everything away. The
 * others restore the newer one. It depends on the contract alone, so that the same drill always restores the same point.
 */
export function pointRestoredIn(
  { asset, survives }: Pick<Contract, 'asset' | 'survives'>,
  disaster: string,
): PointName {
  const leaves = new Set(asset.disasters.flatMap((each) => (each.leavesContent === true ? [each.name] : [])));
  return survives.find((name) => !leaves.has(name)) === disaster ? 'older' : 'newer';
}

/** Whether the procedure takes backups one by one, each of which can be restored. */
export const takesBackups = ({ protectedBy }: Pick<Contract, 'protectedBy'>): boolean =>
  typeof protectedBy.schedule !== 'string';

export const NOTHING_CHANGES = 'nothing of this asset can be changed between two backups';

/** Why a drill takes one recovery point only; undefined where it takes two. */
export function whyOnlyOne(
  contract: Pick<Contract, 'protectedBy'>,
  asset: Pick<OpenAsset, 'alter'>,
  isBaseSize: boolean,
): string | undefined {
  const { schedule, restoresEarlierMoments = false } = contract.protectedBy;
  if (schedule === 'continuous' && !restoresEarlierMoments) return 'every acknowledged write is its own recovery point';
  if (schedule === 'mirror') return 'a mirror is one recovery point, which goes on changing';
  if (asset.alter === undefined) return NOTHING_CHANGES;
  return isBaseSize ? undefined : 'two are taken at the smallest size of a series, and one at the others';
}
