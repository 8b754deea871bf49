import type { Access } from '../../model/access.ts';

/** The object with the markers of a drill. A filter by names in the platform must include it. */
export const MARKERS_NAME = 'dr-markers';

/** A backup of the namespace by the cluster's own Velero, in a bucket that survives the disaster. */
export const veleroBackup: Access<'velero backup'> = { name: 'velero backup', usedBy: ['veleroSchedule({ … })'] };

/** A backup by Velero, copied into the bucket of another region. */
export const veleroBackupElsewhere: Access<'velero backup elsewhere'> = {
  name: 'velero backup elsewhere',
  usedBy: ['veleroSchedule({ …, offRegion: { … } })'],
};
