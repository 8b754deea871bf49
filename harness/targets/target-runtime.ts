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

/** A way to run the real parts, for a process that uses them: as processes of this machine (`local`), or as containers (`docker`). */
export interface AttachableRuntime {
  readonly name: TargetName;
  /**
   * Returns the running parts of a target in a process that received the handle. Starts nothing.
   * @throws {ExplainedError} for a handle whose `runtime` it cannot read.
   */
  attach(handle: TargetHandle, context: LocalContext): AttachedRuntime;
}

/** The runtime of a running target, in any process that attached to it. */
export interface AttachedRuntime {
  readonly differencesFromProduction: readonly string[];
  /** Returns the nodes of the shared cluster. */
  nodesOf(cluster: SharedPlaces['kubernetes']): PodNodes;
  readonly own: OwnPlaces;
}

/** A runtime's means to start places of a single drill. */
export interface OwnPlaces {
  nats(request: OwnNatsRequest, signal: AbortSignal): Promise<LosableNats>;
  natsCluster(request: NatsClusterRequest, signal: AbortSignal): Promise<NatsClusterPlace>;
  /** Starts a cluster with Velero on the given S3, below `prefix` or below a prefix of its own; without an S3, without Velero. */
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
  /** Advice for a user who needs a part that the runtime lacks. */
  readonly otherwise: string;
  /** Time limit for ending one part. */
  readonly endBudgetMs: number;
  /** Time limit for ending the rest of the session. */
  readonly sessionBudgetMs: number;
  /** @throws {ExplainedError} for parts that it supports, but not with its present settings. */
  requireParts?(parts: ReadonlySet<Capability>): void;
  /** Returns the lines about the garbage that was collected before the start. */
  linesOf(garbage: GarbageReport): readonly string[];
  /** Ensures that those parts can be started here. Starts nothing. @throws {ExplainedError} with the reason why they cannot. */
  prepare(parts: ReadonlySet<Capability>, step: RuntimeStep): Promise<PreparedRuntime>;
}

export interface RuntimeStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
}

interface PreparedRuntime {
  /** Starts what every part depends on. Registers each thing in the scope before it starts. */
  open(session: Session, scope: Scope): Promise<OpenedRuntime>;
}

export interface OpenedRuntime {
  readonly parts: RuntimeParts;
  /** The runtime's data for every process; see {@link AttachableRuntime.attach}. */
  readonly handle: TargetHandle['runtime'];
  /** Programs besides those of the toolchain. */
  readonly toolPaths: Readonly<Record<string, string>>;
  /** Returns the tools in use besides the toolchain, for the record. */
  toolsInUse(places: TargetHandle['places']): readonly ToolInUse[];
}
