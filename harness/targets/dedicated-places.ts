import type { Clock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import type { RegionPair } from '../model/regions.ts';
import type { Capability, NatsPlace, NatsServerSettings, S3Place, Target } from '../model/target.ts';
import { startKubernetesRegions, type VeleroCluster } from './kubernetes-regions.ts';
import type { Session } from './session.ts';
import type { TargetName } from './wishes.ts';

/** What a target knows of itself in every process: which parts it was started with, and where they are. */
export interface TargetParts<S3 extends S3Place = S3Place> {
  readonly kind: TargetName;
  readonly capabilities: readonly Capability[];
  readonly toolPaths: Readonly<Record<string, string>>;
  readonly s3?: S3 | undefined;
  readonly nats?: unknown;
  readonly kubernetes?: unknown;
}

/** How a target starts what is a drill's own. */
export interface Starters<S3 extends S3Place, Context> {
  nats(label: string, context: Context, signal: AbortSignal, settings?: NatsServerSettings): Promise<NatsPlace>;
  natsCluster(
    label: string,
    nodes: number,
    context: Context,
    signal: AbortSignal,
    settings?: NatsServerSettings,
  ): Promise<NatsPlace>;
  kubernetes(
    label: string,
    s3: Promise<S3Place> | undefined,
    context: Context,
    signal: AbortSignal,
    prefix?: string,
  ): Promise<VeleroCluster>;
  regions(label: string, s3: S3, context: Context, signal: AbortSignal): Promise<RegionPair>;
}

type DedicatedPlaces = Required<
  Pick<
    Target,
    'dedicatedNats' | 'dedicatedNatsCluster' | 'dedicatedKubernetes' | 'dedicatedKubernetesRegions' | 'dedicatedRegions'
  >
>;

/** What a target starts on request, each only where the part that it builds on was started. */
export function dedicatedPlaces<
  S3 extends S3Place,
  Context extends { readonly session: Session; readonly clock: Clock },
>(parts: TargetParts<S3>, start: Starters<S3, Context>, context: Context): DedicatedPlaces {
  const has = (capability: Capability) => parts.capabilities.includes(capability) || undefined;
  const s3 = () => required(parts, parts.s3, 's3');
  return {
    dedicatedNats: async (label, signal, settings) => {
      required(parts, parts.nats, 'nats');
      return await start.nats(label, context, signal, settings);
    },
    dedicatedNatsCluster: async (label, nodes, signal, settings) => {
      required(parts, parts.nats, 'nats');
      return await start.natsCluster(label, nodes, context, signal, settings);
    },
    dedicatedKubernetes: async (label, signal) => {
      required(parts, parts.kubernetes, 'kubernetes');
      return await start.kubernetes(label, has('velero') && Promise.resolve(s3()), context, signal);
    },
    dedicatedKubernetesRegions: async (label, signal) => {
      required(parts, has('velero'), 'velero');
      return await startKubernetesRegions(
        label,
        {
          s3: s3(),
          session: context.session,
          clock: context.clock,
          start: (name, its, prefix) => start.kubernetes(name, Promise.resolve(its), context, signal, prefix),
        },
        signal,
      );
    },
    dedicatedRegions: async (label, signal) => {
      required(parts, has('regions'), 'regions');
      return await start.regions(label, s3(), context, signal);
    },
  };
}

/** @throws {ExplainedError} for a part that the target was not started with. */
export function required<T>({ kind }: Pick<TargetParts, 'kind'>, part: T | undefined, capability: Capability): T {
  if (part !== undefined) return part;
  throw new ExplainedError({
    thing: `${kind} target, part ${capability}`,
    expected: 'to have been started',
    observed: 'nobody asked for it at the start',
    nextStep: `Name '${capability}' among the parts when the ${kind} target is started, or among the needs of the contract's asset.`,
  });
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
