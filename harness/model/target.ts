import type { RegionPair } from './regions.ts';
import type { HostSandbox } from './sandbox.ts';
import type { ToolInUse, ToolName } from './tools.ts';

/** What a target can prove beyond the plain APIs. */
export const capabilities = [
  'nats',
  'nats-cluster',
  's3',
  'kubernetes',
  'velero',
  'regions',
  'pods',
  'volumes',
  'enforced-access',
] as const;
/** A part that a target may have, and that an asset or a procedure may need. */
export type Capability = (typeof capabilities)[number];

export interface S3Place {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The same S3 for pods of this target's clusters; left out where there are none. */
  readonly endpointFromPods?: string;
  /** Where off-site backups go. Its own bucket, outside the blast radius of every asset. */
  readonly backupBucket: string;
}

/**
 * An S3 with an IAM that checks the signature of every request and carries out the policies of users, as the real one does. It belongs to
 * one check, and holds nothing of anybody else. Disposal ends it.
 */
export interface EnforcingStore extends AsyncDisposable {
  /** What serves it, with its version; for sentences and records. */
  readonly service: string;
  /** Where its program came from. */
  readonly source: string;
  /** S3 and IAM at one address, with the credentials of an administrator. */
  readonly s3: S3Place;
  /** What it does otherwise than AWS, so that trying here proves nothing about it. */
  readonly notEnforced: readonly string[];
}

/** A NATS server with JetStream. Only a dedicated one can be lost whole. */
export interface NatsPlace extends AsyncDisposable {
  readonly url: string;
  /** The same server for pods of this target's clusters; left out where there are none. */
  readonly urlFromPods?: string;
  readonly dedicated: boolean;
  readonly settings: Readonly<Record<string, string>>;
  /** Only on a dedicated server: kills the process and removes its storage. Says exactly what was done. */
  lose?(): Promise<string>;
  /** Only on a dedicated server, after `lose`: a new, empty server at the same address. */
  replace?(signal: AbortSignal): Promise<void>;
  /** True while the server's process lives (of a cluster: while one does); for the proof of destruction. */
  isAlive?(): Promise<boolean>;
  /** Only of a cluster: the node that may be lost by itself. */
  readonly node?: NatsNode;
}

/** Settings of a server of a drill's own; one that replaces it has the same. */
export interface NatsServerSettings {
  readonly maxPayloadBytes: number;
  /** Encrypts what it stores, with a key that belongs to the drill. */
  readonly encryption?: 'aes' | 'chachapoly' | undefined;
}

/** One server of a NATS cluster, which may be lost while the others go on. */
export interface NatsNode {
  readonly name: string;
  isAlive(): Promise<boolean>;
  /** New with every start of the server. */
  serverId(signal: AbortSignal): Promise<string>;
  /** Kills its process and removes its storage. Says exactly what was done. */
  lose(): Promise<string>;
  /**
   * After `lose`: waits until the nodes that are left lead the cluster and every stream and consumer in it, and are current. Where they do
   * not get there, more was lost than this node, and an empty one in its place brings nothing back.
   * @throws {WaitTimeoutError} with what is not led, or behind.
   */
  succeeded(signal: AbortSignal): Promise<void>;
  /** After `succeeded`: an empty server of the same name and addresses, which the others let in again. */
  replace(signal: AbortSignal): Promise<void>;
}

/** A way in from outside: what a NodePort service on `nodePort` serves is reached at `host:port`. Disposal gives it back. */
export interface ExposedPort extends AsyncDisposable {
  readonly nodePort: number;
  readonly host: string;
  readonly port: number;
}

export interface ImageLoading {
  readonly progress?: (message: string) => void;
  /** A folder with the image's Dockerfile: it is built from there when it is neither in the daemon nor to be pulled. */
  readonly buildFrom?: string | undefined;
}

/** The bucket in which one region's Velero keeps its backups. */
export interface RegionStore {
  /** The AWS region, e.g. `us-west-2`. */
  readonly region: string;
  readonly bucket: string;
}

/** Two regions behind one {@link KubernetesPlace}: the one in charge, and one that runs beside it all the time. */
export interface RegionStores {
  readonly primary: RegionStore;
  readonly standby: RegionStore;
  /** For the proof of destruction. */
  isPrimaryThere(signal: AbortSignal): Promise<boolean>;
}

/** A Kubernetes API with Velero. Only a dedicated one can be lost whole. */
export interface KubernetesPlace extends AsyncDisposable {
  readonly kubeconfigPath: string;
  readonly dedicated: boolean;
  readonly veleroNamespace: string;
  /** Where this cluster's Velero keeps its backups, in the target's S3: bucket and prefix. */
  readonly backupPrefix: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Only on a dedicated one: kills every process of the control plane and removes etcd's data. */
  lose?(): Promise<string>;
  /** Only on a dedicated one, after `lose`: a new, empty control plane with Velero on the same bucket; the kubeconfig's content changes, its path does not. */
  replace?(signal: AbortSignal): Promise<void>;
  isAlive?(): Promise<boolean>;
  /** Only of a pair of regions: `lose` takes the primary one with its bucket, and `replace` leads to the standby one. */
  readonly regions?: RegionStores;
  /** Only where pods run: puts an image of this machine's docker daemon onto the nodes. After `replace` it is gone again. */
  loadImage?(reference: string, signal: AbortSignal, options?: ImageLoading): Promise<void>;
  /** Only where pods run: a node port of the caller's own; stays the same when the cluster is replaced. */
  exposePort?(): Promise<ExposedPort>;
}

/** Where the real systems run. Hands out addresses; owns every process behind them. */
export interface Target {
  readonly name: string;
  readonly sessionId: string;
  readonly capabilities: readonly Capability[];
  readonly s3: S3Place;
  readonly differencesFromProduction: readonly string[];
  readonly tools: readonly ToolInUse[];
  /** How programs of the platform run on this machine. */
  readonly sandbox: HostSandbox;
  /** Path of a command line, e.g. `nats`, `velero`, `kubectl`, `aws`. */
  tool(name: ToolName): string;
  sharedNats(): Promise<NatsPlace>;
  dedicatedNats(label: string, signal: AbortSignal, settings?: NatsServerSettings): Promise<NatsPlace>;
  /** Only with the capability `nats-cluster`: so many servers that replicate. Its `url` names all of them, with commas. */
  dedicatedNatsCluster?(
    label: string,
    nodes: number,
    signal: AbortSignal,
    settings?: NatsServerSettings,
  ): Promise<NatsPlace>;
  sharedKubernetes(): Promise<KubernetesPlace>;
  dedicatedKubernetes(label: string, signal: AbortSignal): Promise<KubernetesPlace>;
  /** A control plane with Velero and a bucket in each of two regions, which know nothing of each other. */
  dedicatedKubernetesRegions?(label: string, signal: AbortSignal): Promise<KubernetesPlace>;
  /** Only with the capability `enforced-access`: a store of the caller's own that enforces credentials and policies. */
  enforcingStore?(label: string, signal: AbortSignal): Promise<EnforcingStore>;
  /** Only with the capability `regions`: two regions of one drill's own. */
  dedicatedRegions?(label: string, signal: AbortSignal): Promise<RegionPair>;
}
