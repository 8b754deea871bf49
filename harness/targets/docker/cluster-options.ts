import type { S3Place } from '../../systems/s3/service.ts';
import type { PortMapping } from './kind.ts';

export interface ClusterOptions {
  readonly label: string;
  /** The S3 that Velero backs up to; undefined for a cluster without Velero. May still be starting. */
  readonly s3: Promise<S3Place> | undefined;
  /** The node ports of the cluster that this one replaces. */
  readonly ports?: readonly PortMapping[];
  /** Prefix of Velero's backups in the bucket; when left out, the cluster gets a prefix of its own. */
  readonly prefix?: string | undefined;
  /** Called when a piece has become ready. */
  readonly onReady?: (piece: ClusterPiece) => void;
}

type ClusterPiece = 'kind' | 'kubernetes' | 'velero';

/** A kind cluster, with Velero where requested. Disposal is idempotent. */
export interface StartedCluster extends AsyncDisposable {
  /** Name of the cluster in kind. */
  readonly name: string;
  readonly kubeconfigPath: string;
  readonly ports: readonly PortMapping[];
  readonly settings: Readonly<Record<string, string>>;
}
