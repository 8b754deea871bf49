import { withinBudget } from '../../base/budget.ts';
import { type KubernetesApi, NAMESPACES } from '../../clients/kubernetes-api.ts';
import type { Clock } from '../../clock/clock.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { removeBackups, removePolicies, removeSchedules } from '../velero/provided.ts';
import { DRILL_LABEL, SESSION_LABEL } from './access.ts';
import type { ClusterObjects } from './cluster-objects.ts';
import { heldIn, release, tellHeld } from './finalizers.ts';
import type { Names } from './names.ts';

const BUDGET_MS = 50_000;
const HELD_BUDGET_MS = 45_000;
const OWN_FINALIZERS_MS = 15_000;

export interface CleanupPlace {
  readonly api: KubernetesApi;
  readonly veleroNamespace: string;
  readonly names: Names;
  readonly ofCluster: ClusterObjects;
  /** True if Velero backs up volumes, and so keeps a repository for the namespace. */
  readonly volumes: boolean;
  /** True if finalizers of the platform may keep a namespace: then the cleanup waits for its end, and removes them. */
  readonly mayBeHeld: boolean;
  /** True if the drill has destroyed its namespace: a namespace of that name is then from the restore. */
  readonly destroyed: boolean;
  readonly clock: Clock;
}

/**
 * Removes a drill's objects on a shared control plane: its namespaces, the Velero objects with its label, backups with their files, and its
 * cluster-scoped objects. Controllers finish each removal (a namespace takes five seconds and more). This does not wait for the end, but
 * reads back that it has begun. CRDs stay, because other drills of the session share them.
 * @throws {AggregateError} with every failed removal, after trying all of them.
 */
export async function cleanUp(place: CleanupPlace): Promise<void> {
  const never = new AbortController().signal;
  await withinBudget('clean-up', BUDGET_MS, { clock: place.clock, signal: never }, async (signal) => {
    const { names, volumes: keepsRepository, ...rest } = place;
    const { namespace, stagingNamespace } = names;
    const selector = `${DRILL_LABEL}=${names.labels[DRILL_LABEL]}`;
    const inVelero = { ...rest, selector, namespace, keepsRepository };
    const outcomes = await Promise.allSettled([
      removeNamespace(place, namespace, signal),
      removeNamespace(place, stagingNamespace, signal),
      removeSchedules(inVelero, signal),
      place.ofCluster.remove(signal),
      removePolicies(inVelero, signal),
      removeBackups(inVelero, signal),
    ]);
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    if (failures.length > 0) throw new AggregateError(failures, 'objects of the drill could not be removed');
  });
}

async function removeNamespace(place: CleanupPlace, namespace: string, signal: AbortSignal): Promise<void> {
  const { api, names, destroyed, mayBeHeld } = place;
  const path = `${NAMESPACES}/${namespace}`;
  const found = await api.findObject(path, signal);
  if (found === undefined) return;
  // A restored namespace may lack the labels of the backup. Its name holds the drill's id, so no other has it.
  if (!destroyed && found.metadata.labels?.[SESSION_LABEL] !== names.labels[SESSION_LABEL]) {
    throw new Error(`namespace ${namespace} does not carry this session's mark and was left alone`);
  }
  await removeServices(api, namespace, signal);
  await api.delete(path, signal);
  const left = await api.findObject(path, signal);
  if (left !== undefined && left.metadata.deletionTimestamp === undefined) {
    throw new Error(`namespace ${namespace} was deleted, but is not terminating`);
  }
  if (mayBeHeld) await releaseUntilGone(place, namespace, signal);
}

/** Removes finalizers in the drill's own namespace whose controller does not exist, until the namespace is gone. */
async function releaseUntilGone({ api, clock }: CleanupPlace, namespace: string, signal: AbortSignal): Promise<void> {
  const beganMs = clock.monotonicMs();
  await waitFor(
    {
      for: `namespace ${namespace} to be gone without its finalizers`,
      budgetMs: HELD_BUDGET_MS,
      intervalMs: 500,
      look: async (lookSignal) => {
        // Kubernetes' own controllers remove theirs within seconds, unless one of them does not run here.
        const whose = clock.monotonicMs() - beganMs > OWN_FINALIZERS_MS ? 'all' : 'platform';
        const held = await heldIn(api, namespace, whose, lookSignal);
        for (const each of held) await release(api, each, lookSignal);
        if ((await api.findObject(`${NAMESPACES}/${namespace}`, lookSignal)) === undefined) return arrived(undefined);
        return notYet(held.length === 0 ? 'it is still terminating' : tellHeld(held));
      },
    },
    clock,
    signal,
  );
}

/** Removes Services before their namespace: its controller takes seconds, during which they would block node ports of the next drill. */
export async function removeServices(api: KubernetesApi, namespace: string, signal: AbortSignal): Promise<void> {
  const path = `${NAMESPACES}/${namespace}/services`;
  for await (const { metadata } of api.list(path, signal)) await api.delete(`${path}/${metadata.name}`, signal);
}
