import type { KubernetesPlace, KubernetesRegionsPlace, LosableKubernetes } from './service.ts';

/** The cluster of one drill that loses its control plane, and perhaps the bucket of the backups with it. */
export type LostCluster =
  | { readonly loses: 'control plane'; readonly place: LosableKubernetes }
  | { readonly loses: 'region'; readonly place: KubernetesRegionsPlace };

/** The cluster of one drill, by what the disaster takes of it. */
export type DrilledCluster = { readonly loses: 'namespace'; readonly place: KubernetesPlace } | LostCluster;
