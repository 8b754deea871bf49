import type { Disaster } from '../../model/asset.ts';

export const NAMESPACE_DELETED = 'namespace-deleted';
export const NAMESPACE_DELETED_TO_STAGING = 'namespace-deleted-to-staging';
export const CONTROL_PLANE_LOST = 'control-plane-lost';

export const disasters: readonly Disaster[] = [
  {
    name: NAMESPACE_DELETED,
    threat: 'the namespace is deleted, with everything in it',
    blastRadius: 'one namespace; its control plane survives',
  },
  {
    name: NAMESPACE_DELETED_TO_STAGING,
    threat: 'the namespace is deleted, and is restored into a staging namespace beside it',
    blastRadius: 'one namespace; its control plane survives',
  },
  {
    name: CONTROL_PLANE_LOST,
    threat: "the whole control plane is lost, etcd's data and the definitions of custom resources too",
    blastRadius: 'the whole cluster, Velero included; the backup bucket survives',
  },
];
