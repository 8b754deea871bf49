import { environmentAccess } from '../../model/access.ts';
import type { Disaster } from '../../model/asset.ts';
import { veleroBackup, veleroBackupElsewhere } from '../velero/access.ts';

export const NAMESPACE_DELETED_TO_STAGING = 'namespace-deleted-to-staging';
export const CONTROL_PLANE_LOST = 'control-plane-lost';

export const REGION_LOST = 'region-lost';

export const disasters = [
  {
    name: 'namespace-deleted',
    threat: 'the namespace is deleted, with everything in it',
    blastRadius: 'one namespace; its control plane survives',
    offers: [veleroBackup, environmentAccess],
  },
  {
    name: NAMESPACE_DELETED_TO_STAGING,
    threat: 'the namespace is deleted, and is restored into a staging namespace beside it',
    blastRadius: 'one namespace; its control plane survives',
    offers: [veleroBackup, environmentAccess],
  },
  {
    name: CONTROL_PLANE_LOST,
    threat: "the whole control plane is lost, etcd's data and the definitions of custom resources too",
    blastRadius: 'the whole cluster, Velero included; the backup bucket survives',
    restoresIn: 'new place',
    offers: [veleroBackup, environmentAccess],
  },
  {
    name: REGION_LOST,
    threat: 'the whole region is lost for good: its control plane, and the bucket with the backups',
    blastRadius:
      'the primary region; the standby region survives, with a control plane, Velero and what was copied into its bucket',
    losesBackups: true,
    restoresIn: 'standby',
    offers: [veleroBackupElsewhere, environmentAccess],
  },
] as const satisfies readonly Disaster[];

/** Meanings of the namespace's variables for operators. */
export const MEANINGS = {
  ASSET_NAMESPACE: 'the lost namespace',
  RESTORE_NAMESPACE: 'the namespace to restore into',
};

/** A step outside of backup procedures: an operator must start an empty cluster. */
export const EMPTY_CONTROL_PLANE = {
  what: 'Start an empty cluster with Velero on the same backup bucket',
  ifItFails:
    'Without Velero nothing comes back: `velero version`, then `velero backup-location get` until it is Available.',
};

/** The same step with a second region that is always running. */
export const STANDBY_CONTROL_PLANE = {
  what: 'Turn to the cluster of the standby region, whose Velero reads the copy of the backups',
  ifItFails:
    'See what the copy holds: `velero backup-location get`, then `velero backup get`. A backup that was never copied is lost with its region.',
};
