import type { OpenAsset } from '../model/asset.ts';
import type { Contract } from '../model/contract.ts';
import type { PointName } from '../model/record.ts';

/** Which of two recovery points a drill restores: one of them, or the newer one and then the older one. */
export type PointsRestored = PointName | 'both';

/**
 * Of the disasters that take everything away, the first of `survives` restores the older point, and the others the newer one. A single one
 * restores both, one after the other. A disaster that leaves content behind restores the newer one. It depends on the contract alone, so
 * that the same drill always restores the same points.
 */
export function pointsRestoredIn(
  { asset, survives }: Pick<Contract, 'asset' | 'survives'>,
  disaster: string,
): PointsRestored {
  const leaves = new Set(asset.disasters.flatMap((each) => (each.leavesContent === true ? [each.name] : [])));
  const [first, ...more] = survives.filter((name) => !leaves.has(name));
  if (first !== disaster) return 'newer';
  return more.length === 0 ? 'both' : 'older';
}

export const CANNOT_BE_CLEARED = 'this asset cannot be emptied for a second restore';

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
