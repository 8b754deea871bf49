import { ExplainedError } from '../model/errors.ts';
import { notStarted, Places } from '../model/places.ts';
import type { Capability } from '../model/service.ts';
import type { Target } from '../model/target.ts';
import { providers } from '../registered/providers.ts';
import {
  type KubernetesPlace,
  kubernetesRegions,
  ownKubernetes,
  sharedKubernetes,
} from '../systems/kubernetes/service.ts';
import type { RegionPair } from '../systems/nats/regions.ts';
import {
  type LosableNats,
  type NatsClusterPlace,
  type NatsClusterRequest,
  type NatsPlace,
  type OwnNatsRequest,
  ownNats,
  ownNatsCluster,
  regionPair,
  sharedNats,
} from '../systems/nats/service.ts';
import { type EnforcingStore, enforcingStore, type S3Place, s3Store } from '../systems/s3/service.ts';
import { startKubernetesRegions, type VeleroCluster } from './kubernetes-regions.ts';
import type { LocalContext } from './local/program.ts';
import { runtimeOf } from './runtime.ts';
import type { TargetName } from './wishes.ts';

/** What a target knows of itself in every process: which parts it was started with, and where they are. */
export interface TargetParts<S3 extends S3Place = S3Place> {
  readonly kind: TargetName;
  readonly capabilities: readonly Capability[];
  readonly toolPaths: Readonly<Record<string, string>>;
  readonly s3?: S3 | undefined;
  readonly nats?: NatsPlace | undefined;
  readonly kubernetes?: KubernetesPlace | undefined;
}

/** How a target starts what is a drill's own. */
export interface Starters<S3 extends S3Place, Context> {
  nats(request: OwnNatsRequest, context: Context, signal: AbortSignal): Promise<LosableNats>;
  natsCluster(request: NatsClusterRequest, context: Context, signal: AbortSignal): Promise<NatsClusterPlace>;
  kubernetes(
    label: string,
    s3: Promise<S3Place> | undefined,
    context: Context,
    signal: AbortSignal,
    prefix?: string,
  ): Promise<VeleroCluster>;
  regions(label: string, s3: S3, context: Context, signal: AbortSignal): Promise<RegionPair>;
  /** Left out where nothing enforces credentials and policies. */
  readonly enforcing?: (label: string, context: Context, signal: AbortSignal) => Promise<EnforcingStore>;
}

/** What a target hands out: the shared places that were started, and on request each place that stands on one of them. */
export function targetPlaces<S3 extends S3Place, Context extends LocalContext>(
  parts: TargetParts<S3>,
  start: Starters<S3, Context>,
  context: Context,
): Pick<Target, 'offers' | 'place' | 'tellCredentials'> {
  const hasVelero = parts.capabilities.includes('velero');
  const s3 = () => required(parts, parts.s3, 's3');
  const places = new Places(parts.kind, parts.capabilities)
    .shared(s3Store, parts.s3)
    .shared(sharedNats, parts.nats)
    .shared(sharedKubernetes, parts.kubernetes)
    .own(ownNats, async (request, signal) => await start.nats(request, context, signal))
    .own(ownNatsCluster, async (request, signal) => await start.natsCluster(request, context, signal))
    .own(
      ownKubernetes,
      async ({ label }, signal) =>
        await start.kubernetes(label, hasVelero ? Promise.resolve(s3()) : undefined, context, signal),
    )
    .own(
      kubernetesRegions,
      async ({ label }, signal) =>
        await startKubernetesRegions(
          label,
          {
            s3: s3(),
            session: context.session,
            clock: context.clock,
            start: (name, its, prefix) => start.kubernetes(name, Promise.resolve(its), context, signal, prefix),
          },
          signal,
        ),
    )
    .own(regionPair, async ({ label }, signal) => await start.regions(label, s3(), context, signal));
  const runtime = runtimeOf(parts.kind, context);
  for (const { suppliedBy, suppliers = [] } of providers()) {
    if (!Object.hasOwn(suppliedBy, parts.kind)) continue;
    for (const each of suppliers) {
      if (each.isShared === true) {
        places.sharedOnDemand(each.service, async (signal) => await each.start(runtime, signal));
      } else {
        places.own(each.service, async (request, signal) => await each.start(request, runtime, signal));
      }
    }
  }
  const { enforcing } = start;
  if (enforcing !== undefined) {
    places.own(enforcingStore, async ({ label }, signal) => await enforcing(label, context, signal));
  }
  return places.members;
}

/** A shared place belongs to the target: giving it back ends nothing. */
export const lent = <Place extends object>(place: Place): Place & AsyncDisposable => ({
  ...place,
  [Symbol.asyncDispose]: async () => undefined,
});

/** @throws {ExplainedError} for a part that the target was not started with. */
function required<T>({ kind }: Pick<TargetParts, 'kind'>, part: T | undefined, capability: Capability): T {
  if (part !== undefined) return part;
  throw notStarted(kind, capability);
}

/** @throws {ExplainedError} for a tool that the target was not given. */
export function toolPath({ toolPaths }: Pick<TargetParts, 'toolPaths'>, name: string): string {
  const path = toolPaths[name];
  if (path !== undefined) return path;
  throw new ExplainedError({
    thing: `tool ${name}`,
    expected: 'to have been obtained for this target',
    observed: 'the toolchain was not asked for it',
    nextStep: 'Run npx dr-contracts doctor.',
  });
}
