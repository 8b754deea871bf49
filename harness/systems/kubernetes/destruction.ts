import { z } from 'zod';
import { configMapsPath, type KubernetesApi, NAMESPACES, NoAnswerError } from '../../clients/kubernetes-api.ts';
import type { KubernetesObject } from '../../clients/kubernetes-object.ts';
import type { AbsenceCheck, Destruction } from '../../model/asset.ts';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import type { Step } from '../../model/step.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { SESSION_LABEL } from './access.ts';
import type { ClusterObjects } from './cluster-objects.ts';
import { type HeldObject, heldIn, tellHeld } from './finalizers.ts';
import type { KubernetesPlace, KubernetesRegionsPlace, LosableKubernetes, RegionStores } from './service.ts';

/** Time limit for removing a namespace. Its controller begins after five seconds, and checks again if objects remain. */
const REMOVAL_BUDGET_MS = 120_000;
/** Time limit for finalizers: a running controller removes its own within seconds. */
const HELD_PATIENCE_MS = 30_000;

/** @throws {ExplainedError} unless the namespace carries this session's disposable mark. */
export async function requireOwnNamespace(
  api: KubernetesApi,
  namespace: string,
  sessionId: string,
  signal: AbortSignal,
): Promise<void> {
  const found = await api.findObject(`${NAMESPACES}/${namespace}`, signal);
  if (found?.metadata.labels?.[SESSION_LABEL] === sessionId) return;
  throw new ExplainedError({
    thing: `namespace ${namespace}`,
    expected: `the label ${SESSION_LABEL}=${sessionId} before anything in it is destroyed`,
    observed:
      found === undefined
        ? 'it does not exist'
        : `it carries ${found.metadata.labels?.[SESSION_LABEL] ?? 'no such label'}`,
    nextStep: 'Nothing was destroyed. A session may destroy only its own namespaces; find out who made this one.',
  });
}

/** Deletes the namespace and its cluster-scoped objects; waits until the API says that it does not exist. */
export async function deleteNamespace(
  api: KubernetesApi,
  namespace: string,
  ofCluster: ClusterObjects,
  step: Step,
): Promise<Destruction> {
  await removeNamespace(api, namespace, step);
  const also = await ofCluster.destroy(step.signal);
  const others = also.length === 0 ? '' : `; of the whole cluster, by mark: ${also.join(', ')}`;
  return { exercised: `namespace ${namespace} deleted through the API, waited until it was gone${others}` };
}

/** Deletes the namespace, and waits until the API says that it does not exist. @throws {ExplainedError} if a finalizer keeps it. */
export async function removeNamespace(api: KubernetesApi, namespace: string, step: Step): Promise<void> {
  await api.delete(`${NAMESPACES}/${namespace}`, step.signal);
  await endAtOnce(api, namespace, step.signal);
  const held = await untilGoneOrHeld(api, namespace, step);
  if (held.length > 0) throw heldError(namespace, held);
}

/**
 * Deletes pods and claims at once, each with its own grace period. The namespace controller deletes content after five seconds, and checks
 * again only after half of the pods' grace period, or after eight seconds if a claim waits for its pods (pkg/controller/namespace). With
 * this, it finds none that lingers. A terminating namespace accepts no new ones.
 */
async function endAtOnce(api: KubernetesApi, namespace: string, signal: AbortSignal): Promise<void> {
  for (const plural of ['pods', 'persistentvolumeclaims']) {
    await api.delete(`${NAMESPACES}/${namespace}/${plural}`, signal);
  }
}

/** Waits until the namespace is gone. Returns the objects whose finalizers have kept it for too long. */
async function untilGoneOrHeld(api: KubernetesApi, namespace: string, step: Step): Promise<readonly HeldObject[]> {
  let heldSinceMs: number | undefined;
  return await waitFor<readonly HeldObject[]>(
    {
      for: `namespace ${namespace} to be gone`,
      budgetMs: REMOVAL_BUDGET_MS,
      look: async (signal) => {
        const left = await api.findObject(`${NAMESPACES}/${namespace}`, signal);
        if (left === undefined) return arrived([]);
        const remaining = whatRemains(left);
        if (remaining === undefined) heldSinceMs = undefined;
        else heldSinceMs ??= step.clock.monotonicMs();
        if (heldSinceMs === undefined || step.clock.monotonicMs() - heldSinceMs < HELD_PATIENCE_MS) {
          return notYet(remaining ?? 'it is still terminating');
        }
        const held = await heldIn(api, namespace, 'all', signal);
        return held.length > 0 ? arrived(held) : notYet(remaining ?? 'it is still terminating');
      },
    },
    step.clock,
    step.signal,
  );
}

const namespaceStatus = z.looseObject({
  status: z
    .looseObject({
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .optional(),
});

/** Returns the namespace controller's message on finalizers that it waits for; undefined if there are none. */
function whatRemains(namespace: KubernetesObject): string | undefined {
  const { status } = namespaceStatus.parse(namespace);
  return status?.conditions.find(({ type, status: is }) => type === 'NamespaceFinalizersRemaining' && is === 'True')
    ?.message;
}

const heldError = (namespace: string, held: readonly HeldObject[]): ExplainedError =>
  new ExplainedError({
    thing: `namespace ${namespace}`,
    expected: 'to be gone after it was deleted',
    observed: `${tellHeld(held)} ${held.length === 1 ? 'keeps' : 'keep'} it, and no controller here removes ${held.length === 1 ? 'its' : 'their'} finalizers`,
    nextStep:
      'Drill on a target that runs the controller of that finalizer, or leave the object out of the manifests of this contract.',
    cause: 'finalizer-not-removed',
  });

/** `what` of each read of `namespaceAbsence`. */
export const namespaceReads = (namespace: string): readonly string[] => [
  `read namespace ${namespace}`,
  `list Secrets in ${namespace}`,
  `list ConfigMaps in ${namespace}`,
];

/** `what` of each read of `controlPlaneAbsence`. */
export const controlPlaneReads = (cluster: LostCluster): readonly string[] => [
  'look for the processes of the control plane',
  'ask the API server for its version',
  ...(cluster.loses === 'region'
    ? [`look for the bucket of the backups in ${cluster.place.regions.primary.region}`]
    : []),
];

export async function namespaceAbsence(
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly AbsenceCheck[]> {
  const found = await api.findObject(`${NAMESPACES}/${namespace}`, signal);
  const secrets = await countOf(api.list(`${NAMESPACES}/${namespace}/secrets`, signal));
  const configMaps = await countOf(api.list(configMapsPath(namespace), signal));
  return [
    {
      what: `read namespace ${namespace}`,
      gone: found === undefined,
      observed: found === undefined ? 'not found (404)' : `it exists, UID ${found.metadata.uid ?? 'unknown'}`,
    },
    { what: `list Secrets in ${namespace}`, gone: secrets === 0, observed: `${secrets} found` },
    { what: `list ConfigMaps in ${namespace}`, gone: configMaps === 0, observed: `${configMaps} found` },
  ];
}

export async function controlPlaneAbsence(
  api: KubernetesApi,
  cluster: LostCluster,
  signal: AbortSignal,
): Promise<readonly AbsenceCheck[]> {
  const alive = await cluster.place.isAlive();
  return [
    {
      what: 'look for the processes of the control plane',
      gone: !alive,
      observed: alive ? 'they are running' : 'none is running',
    },
    await unanswered(api, signal),
    ...(cluster.loses === 'region' ? [await bucketAbsence(cluster.place.regions, signal)] : []),
  ];
}

async function bucketAbsence({ primary, isPrimaryThere }: RegionStores, signal: AbortSignal): Promise<AbsenceCheck> {
  const isThere = await isPrimaryThere(signal);
  // The runbook repeats this text, so it has no name that only this drill has.
  return {
    what: `look for the bucket of the backups in ${primary.region}`,
    gone: !isThere,
    observed: `bucket ${primary.bucket} ${isThere ? 'is there' : 'not found (404)'}`,
  };
}

async function unanswered(api: KubernetesApi, signal: AbortSignal): Promise<AbsenceCheck> {
  const what = 'ask the API server for its version';
  try {
    await api.get('/version', signal);
    return { what, gone: false, observed: 'it answered' };
  } catch (error) {
    return { what, gone: error instanceof NoAnswerError && !signal.aborted, observed: summaryOf(error) };
  }
}

async function countOf(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of items) count += 1;
  return count;
}

/** The cluster of a drill that loses its control plane, and perhaps the bucket of the backups. */
type LostCluster =
  | { readonly loses: 'control plane'; readonly place: LosableKubernetes }
  | { readonly loses: 'region'; readonly place: KubernetesRegionsPlace };

/** The cluster of one drill, by the part that the disaster destroys. */
export type DrilledCluster = { readonly loses: 'namespace'; readonly place: KubernetesPlace } | LostCluster;

const PERSISTENT_VOLUMES = '/api/v1/persistentvolumes';
const VOLUME_REMOVAL_BUDGET_MS = 60_000;

const claimSpec = z.looseObject({ spec: z.looseObject({ volumeName: z.string().optional() }) });

/** Returns the volumes to which the claims of a namespace are bound now. */
export async function boundVolumes(
  api: KubernetesApi,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const claim of api.list(`${NAMESPACES}/${namespace}/persistentvolumeclaims`, signal)) {
    const { volumeName } = claimSpec.parse(claim).spec;
    if (volumeName !== undefined) names.push(volumeName);
  }
  return names;
}

/** `what` of each read of `volumeAbsence`. */
export const volumeReads = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `read persistent volume ${index + 1} of ${count}`);

/** Checks that volumes are gone: a volume with a retaining class outlives its claim and namespace. */
export async function volumeAbsence(
  api: KubernetesApi,
  volumes: readonly string[],
  signal: AbortSignal,
): Promise<readonly AbsenceCheck[]> {
  return await Promise.all(
    volumes.map(async (name, index) => {
      const found = await api.findObject(`${PERSISTENT_VOLUMES}/${name}`, signal);
      const observed = `${name}: ${found === undefined ? 'not found (404)' : 'it exists'}`;
      return { what: `read persistent volume ${index + 1} of ${volumes.length}`, gone: found === undefined, observed };
    }),
  );
}

/** Waits until volumes are gone: the provisioner removes them after their claims. */
export async function untilVolumesGone(api: KubernetesApi, volumes: readonly string[], step: Step): Promise<void> {
  await waitFor(
    {
      for: 'the persistent volumes to be removed',
      budgetMs: VOLUME_REMOVAL_BUDGET_MS,
      intervalMs: 200,
      look: async (signal) => {
        const left = (await volumeAbsence(api, volumes, signal)).find(({ gone }) => !gone);
        return left === undefined ? arrived(undefined) : notYet(`${left.what}: ${left.observed}`);
      },
    },
    step.clock,
    step.signal,
  );
}
