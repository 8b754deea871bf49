import type { PodNodes } from '../systems/kubernetes/service.ts';
import type { RegionPair } from '../systems/nats/regions.ts';
import type { LosableNats, NatsClusterPlace, NatsClusterRequest, OwnNatsRequest } from '../systems/nats/service.ts';
import type { EnforcingStore, S3Place } from '../systems/s3/service.ts';
import type { TargetHandle } from './handle.ts';
import type { VeleroCluster } from './kubernetes-regions.ts';
import type { LocalContext } from './local/program.ts';
import type { SharedPlaces } from './shared-places.ts';
import type { TargetName } from './wishes.ts';

/** How the real parts run, for a process that uses them: as processes of this machine (`local`), or as containers (`docker`). */
export interface AttachableRuntime {
  readonly name: TargetName;
  /**
   * What runs of a target, as a process sees it that was given the handle. Starts nothing.
   * @throws {ExplainedError} for a handle whose `runtime` it cannot read.
   */
  attach(handle: TargetHandle, context: LocalContext): AttachedRuntime;
}

/** A runtime of a running target, in any process that attached to it. */
export interface AttachedRuntime {
  readonly differencesFromProduction: readonly string[];
  /** The nodes of the shared cluster. */
  nodesOf(cluster: SharedPlaces['kubernetes']): PodNodes;
  readonly own: OwnPlaces;
}

/** How a runtime starts what is a drill's own. */
export interface OwnPlaces {
  nats(request: OwnNatsRequest, signal: AbortSignal): Promise<LosableNats>;
  natsCluster(request: NatsClusterRequest, signal: AbortSignal): Promise<NatsClusterPlace>;
  /** With Velero on that S3, below `prefix` or below a prefix of its own; without Velero where there is no S3. */
  kubernetes(
    label: string,
    s3: Promise<S3Place> | undefined,
    signal: AbortSignal,
    prefix?: string,
  ): Promise<VeleroCluster>;
  regions(label: string, s3: S3Place, signal: AbortSignal): Promise<RegionPair>;
  /** Left out where nothing enforces credentials and policies. */
  readonly enforcing?: (label: string, signal: AbortSignal) => Promise<EnforcingStore>;
}
