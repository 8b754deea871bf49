import { ExplainedError } from '../model/errors.ts';
import type { Capability } from '../model/service.ts';
import { notStarted, Places, type Target } from '../model/target.ts';
import { providers } from '../registered/providers.ts';
import { gcsStore } from '../systems/gcs/service.ts';
import { kubernetesRegions, ownKubernetes, sharedKubernetes } from '../systems/kubernetes/service.ts';
import { ownNats, ownNatsCluster, regionPair, sharedNats } from '../systems/nats/service.ts';
import { enforcingStore, s3Store } from '../systems/s3/service.ts';
import type { TargetHandle } from './handle.ts';
import { startKubernetesRegions } from './kubernetes-regions.ts';
import type { LocalContext } from './local/program.ts';
import { runtimeOf } from './runtime.ts';
import type { AttachedRuntime } from './target-runtime.ts';

/** Returns the places of a target: the shared places that were started, and on request each place that depends on one of them. */
export function targetPlaces(
  handle: TargetHandle,
  { own, nodesOf }: AttachedRuntime,
  context: LocalContext,
): Pick<Target, 'offers' | 'place' | 'tellCredentials'> {
  const { kind, capabilities } = handle;
  const { s3, nats, kubernetes, velero, 'velero-gcs': gcs } = handle.places;
  const hasVelero = capabilities.includes('velero');
  const s3There = () => required(handle, s3, 's3');
  const places = new Places(kind, capabilities)
    .shared(s3Store, s3)
    .shared(sharedNats, nats && lent(nats))
    .shared(sharedKubernetes, kubernetes && lent(clusterOf(kubernetes, velero, nodesOf)))
    .own(ownNats, async (request, signal) => await own.nats(request, signal))
    .own(ownNatsCluster, async (request, signal) => await own.natsCluster(request, signal))
    .own(
      ownKubernetes,
      async ({ label }, signal) =>
        await own.kubernetes(label, hasVelero ? Promise.resolve(s3There()) : undefined, signal, undefined, gcs),
    )
    .own(
      kubernetesRegions,
      async ({ label }, signal) =>
        await startKubernetesRegions(
          label,
          {
            s3: s3There(),
            session: context.session,
            clock: context.clock,
            start: (name, its, prefix) => own.kubernetes(name, Promise.resolve(its), signal, prefix),
          },
          signal,
        ),
    )
    .own(regionPair, async ({ label }, signal) => await own.regions(label, s3There(), signal));
  const runtime = runtimeOf(kind, context);
  for (const { suppliedBy, suppliers = [] } of providers()) {
    if (!Object.hasOwn(suppliedBy, kind)) continue;
    for (const each of suppliers) {
      if (each.isShared === true) {
        places.sharedOnDemand(each.service, async (signal) => await each.start(runtime, signal));
      } else {
        places.own(each.service, async (request, signal) => await each.start(request, runtime, signal));
      }
    }
  }
  // Replaces the place that would start on request.
  places.shared(gcsStore, gcs?.store);
  const { enforcing } = own;
  if (enforcing !== undefined) {
    places.own(enforcingStore, async ({ label }, signal) => await enforcing(label, signal));
  }
  return places.members;
}

/** Returns the shared cluster for a caller that requested it. */
function clusterOf(
  kubernetes: NonNullable<TargetHandle['places']['kubernetes']>,
  velero: TargetHandle['places']['velero'],
  nodesOf: AttachedRuntime['nodesOf'],
) {
  const { kubeconfigPath, veleroNamespace, backupPrefix, settings } = kubernetes;
  return {
    kubeconfigPath,
    veleroNamespace,
    backupPrefix,
    settings: { ...settings, ...velero?.settings },
    nodes: nodesOf(kubernetes),
  };
}

/** Lends a shared place, which belongs to the target: disposing of it ends nothing. */
const lent = <Place extends object>(place: Place): Place & AsyncDisposable => ({
  ...place,
  [Symbol.asyncDispose]: async () => undefined,
});

/** @throws {ExplainedError} for a part with which the target was not started. */
function required<T>({ kind }: Pick<TargetHandle, 'kind'>, part: T | undefined, capability: Capability): T {
  if (part !== undefined) return part;
  throw notStarted(kind, capability);
}

/** @throws {ExplainedError} for a tool that the target does not have. */
export function toolPath({ toolPaths }: Pick<TargetHandle, 'toolPaths'>, name: string): string {
  const path = toolPaths[name];
  if (path !== undefined) return path;
  throw new ExplainedError({
    thing: `tool ${name}`,
    expected: 'to have been obtained for this target',
    observed: 'the toolchain was not asked for it',
    nextStep: 'Run npx dr-contracts doctor.',
  });
}
