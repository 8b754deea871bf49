import type { Disaster } from '../model/asset.ts';
import type { BackupWait } from '../model/backup-sync.ts';
import type { Contract } from '../model/contract.ts';

/** How long production may wait, in this disaster, until the place of the restore knows the backup; undefined where it knows it already. */
export function backupWaitOf(
  { protectedBy: { backupSync } }: Pick<Contract, 'protectedBy'>,
  { restoresIn }: Pick<Disaster, 'restoresIn'>,
): BackupWait | undefined {
  if (restoresIn === undefined) return undefined;
  return restoresIn === 'standby' ? backupSync?.inStandby : backupSync?.inNewPlace;
}
