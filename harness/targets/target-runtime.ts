import type { Scope } from '../base/scope.ts';
import type { Clock } from '../clock/clock.ts';
import type { Capability } from '../model/service.ts';
import type { ToolInUse } from '../model/target.ts';
import type { PodNodes } from '../systems/kubernetes/service.ts';
import type { RegionPair } from '../systems/nats/regions.ts';
import type { LosableNats, NatsClusterPlace, NatsClusterRequest, OwnNatsRequest } from '../systems/nats/service.ts';
import type { EnforcingStore, S3Place } from '../systems/s3/service.ts';
import type { GarbageReport } from './garbage.ts';
import type { TargetHandle } from './handle.ts';
import type { VeleroCluster } from './kubernetes-regions.ts';
import type { LocalContext } from './local/program.ts';
import type { RuntimeParts } from './parts.ts';
import type { Session } from './session.ts';
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
    gcs?: SharedPlaces['velero-gcs'],
  ): Promise<VeleroCluster>;
  regions(label: string, s3: S3Place, signal: AbortSignal): Promise<RegionPair>;
  /** Left out where nothing enforces credentials and policies. */
  readonly enforcing?: (label: string, signal: AbortSignal) => Promise<EnforcingStore>;
}

/** A runtime in the process that starts the target. */
export interface TargetRuntime extends AttachableRuntime {
  /** What somebody does who wants a part that it has not. */
  readonly otherwise: string;
  /** For ending one part. */
  readonly endBudgetMs: number;
  /** For ending what is left of the session. */
  readonly sessionBudgetMs: number;
  /** @throws {ExplainedError} for parts that it could start, but not as it is set up. */
  requireParts?(parts: ReadonlySet<Capability>): void;
  /** What it tells of the garbage that was collected before it starts. */
  linesOf(garbage: GarbageReport): readonly string[];
  /** Makes sure that those parts can be started here. Starts nothing. @throws {ExplainedError} why they cannot. */
  prepare(parts: ReadonlySet<Capability>, step: RuntimeStep): Promise<PreparedRuntime>;
}

export interface RuntimeStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

interface PreparedRuntime {
  /** Starts what every part stands on. Whatever it starts is registered in the scope before. */
  open(session: Session, scope: Scope): Promise<OpenedRuntime>;
}

export interface OpenedRuntime {
  readonly parts: RuntimeParts;
  /** What it has to know in every process; see {@link AttachableRuntime.attach}. */
  readonly handle: TargetHandle['runtime'];
  /** Programs besides those of the toolchain. */
  readonly toolPaths: Readonly<Record<string, string>>;
  /** What was used besides the toolchain, for the record. */
  toolsInUse(places: TargetHandle['places']): readonly ToolInUse[];
}
