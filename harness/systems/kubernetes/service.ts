import { ExplainedError } from '../../model/errors.ts';
import { type LosablePlace, type OwnPlaceRequest, service } from '../../model/service.ts';
import { tellKubeconfig, tellKubeconfigs } from './kubeconfig-credentials.ts';

/** Access from outside: a NodePort service on `nodePort` is reachable at `host:port`. Disposal releases the port. */
export interface ExposedPort extends AsyncDisposable {
  readonly nodePort: number;
  readonly host: string;
  readonly port: number;
}

export interface ImageLoading {
  readonly progress?: (message: string) => void;
  /** A folder with the image's Dockerfile, for building it if it is neither in the daemon nor in a registry. */
  readonly buildFrom?: string | undefined;
}

/** The nodes of a cluster, on which pods run. For a cluster without nodes, every call fails: {@link noNodes}. */
export interface PodNodes {
  /** Loads an image of this machine's docker daemon onto the nodes. A replaced cluster no longer has it. */
  loadImage(reference: string, signal: AbortSignal, options?: ImageLoading): Promise<void>;
  /** Reserves a node port for the caller; it stays the same when the cluster is replaced. @throws {ExplainedError} if there is none. */
  exposePort(): Promise<ExposedPort>;
}

/** A Kubernetes API with Velero. */
export interface KubernetesPlace extends AsyncDisposable {
  readonly kubeconfigPath: string;
  readonly veleroNamespace: string;
  /** Bucket and prefix of this cluster's Velero backups in the target's S3. */
  readonly backupPrefix: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly nodes: PodNodes;
}

/**
 * A cluster of one drill. Its loss kills every process of the control plane and removes etcd's data. After `replace`, the
 * control plane is new and empty, with Velero on the same bucket; the kubeconfig's content changes, its path does not.
 */
export interface LosableKubernetes extends KubernetesPlace, LosablePlace {}

/** The bucket in which one region's Velero keeps its backups. */
export interface RegionStore {
  /** The AWS region, e.g. `us-west-2`. */
  readonly region: string;
  readonly bucket: string;
}

/** The buckets of two regions: the one in charge, and the standby one. */
export interface RegionStores {
  readonly primary: RegionStore;
  readonly standby: RegionStore;
  /** For the proof of destruction. */
  isPrimaryThere(signal: AbortSignal): Promise<boolean>;
}

/**
 * A control plane with Velero and a bucket in each of two independent regions. `lose` destroys the primary region
 * with its bucket, and `replace` switches to the standby region.
 */
export interface KubernetesRegionsPlace extends LosableKubernetes {
  readonly regions: RegionStores;
}

/** The target's cluster, which every drill may use and no drill may lose. */
export const sharedKubernetes = service<KubernetesPlace>({
  name: 'kubernetes',
  capability: 'kubernetes',
  tellCredentials: tellKubeconfig,
});

export const ownKubernetes = service<LosableKubernetes, OwnPlaceRequest>({
  name: 'kubernetes-cluster',
  capability: 'kubernetes',
  tellCredentials: tellKubeconfigs,
});

export const kubernetesRegions = service<KubernetesRegionsPlace, OwnPlaceRequest>({
  name: 'kubernetes-regions',
  capability: 'velero',
  tellCredentials: tellKubeconfigs,
});

/** The nodes of a cluster without nodes. */
export const noNodes: PodNodes = {
  loadImage: async (reference) => {
    throw withoutNodes(`image ${reference}`, 'nodes that pull or are given it');
  },
  exposePort: async () => {
    throw withoutNodes('way into the cluster', 'a port of a node');
  },
};

const withoutNodes = (thing: string, expected: string): ExplainedError =>
  new ExplainedError({
    thing,
    expected,
    observed: 'the target gives none',
    nextStep: 'Run this contract on a target with pods: --target docker.',
  });
