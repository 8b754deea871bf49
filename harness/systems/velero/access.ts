import type { Access } from '../../model/access.ts';

/** Set on a CRD once Velero has seen it. */
export const KNOWN_TO_VELERO = 'dr-contracts.dev/known-to-velero';

/** A backup of the namespace by the cluster's own Velero, in a bucket that the disaster leaves. */
export const veleroBackup: Access<'velero backup'> = { name: 'velero backup', usedBy: ['veleroSchedule({ … })'] };

/** A backup by Velero, copied into the bucket of another region. */
export const veleroBackupElsewhere: Access<'velero backup elsewhere'> = {
  name: 'velero backup elsewhere',
  usedBy: ['veleroSchedule({ …, offRegion: { … } })'],
};
