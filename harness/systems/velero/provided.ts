import { z } from 'zod';
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  configMapsPath,
  isStatus,
  type KubernetesApi,
} from '../../clients/kubernetes-api.ts';
import type { Clock } from '../../clock/clock.ts';
import { arrived, HopelessError, notYet, waitFor } from '../../wait/wait.ts';
import { DRILL_LABEL } from '../kubernetes/access.ts';
import { KNOWN_TO_VELERO } from './access.ts';

const TAUGHT_BY = 'dr-contracts.dev/taught-by';
const RESTORED_BY = 'velero.io/restore-name';
const BUDGET_MS = 60_000;
const DELETION_BUDGET_MS = 45_000;

const withStatus = z.looseObject({ status: z.looseObject({ phase: z.string().optional() }).optional() });
const ENDED = new Set(['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation']);

export interface VeleroLesson {
  readonly api: KubernetesApi;
  readonly veleroNamespace: string;
  readonly drillId: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Makes a running Velero see types that have just been defined. It lists the API's types when it starts and then every
 * five minutes (velero v1.18.3, pkg/cmd/server/server.go, initDiscoveryHelper), and a backup leaves out instances of a
 * type that it has not seen, saying `Completed`. But it also lists them after a restore that changed a CRD
 * (pkg/restore/restore.go, createdOrUpdatedCRDs), which is what is done here: a backup of the new CRDs alone, and a
 * restore of it over them. In production a type is older than five minutes; in a drill it is seconds old.
 */
export async function teachVelero(definitions: readonly string[], lesson: VeleroLesson): Promise<void> {
  const { api, drillId, signal } = lesson;
  const name = `dr-types-${drillId}`;
  const metadata = { name, labels: { [DRILL_LABEL]: drillId } };
  await api.create(
    veleroPath(lesson, 'backups'),
    {
      apiVersion: 'velero.io/v1',
      kind: 'Backup',
      metadata,
      spec: {
        // Of no namespace that a drill backs up: backups that share one wait for each other, a minute at a time
        // (velero pkg/controller/backup_queue_controller.go, detectNSConflictsInternal).
        includedNamespaces: [lesson.veleroNamespace],
        includedClusterScopedResources: ['customresourcedefinitions.apiextensions.k8s.io'],
        excludedNamespaceScopedResources: ['*'],
        labelSelector: { matchLabels: { [DRILL_LABEL]: drillId } },
        ttl: '1h0m0s',
      },
    },
    signal,
  );
  await completed(lesson, 'backups', name);
  // A restore leaves an unchanged CRD alone, and then does not list the types again: it must find a difference.
  await annotate(definitions, TAUGHT_BY, name, lesson);
  await api.create(
    veleroPath(lesson, 'restores'),
    {
      apiVersion: 'velero.io/v1',
      kind: 'Restore',
      metadata,
      spec: { backupName: name, includedNamespaces: ['*'], existingResourcePolicy: 'update' },
    },
    signal,
  );
  await completed(lesson, 'restores', name);
  for (const definition of definitions) {
    const { metadata } = await api.getObject(`${CUSTOM_RESOURCE_DEFINITIONS}/${definition}`, signal);
    if (metadata.labels?.[RESTORED_BY] !== name) {
      throw new Error(`Velero said that restore ${name} completed, but CRD ${definition} was not updated by it`);
    }
  }
  await annotate(definitions, KNOWN_TO_VELERO, 'true', lesson);
  await requestBackupDeletion(lesson, name);
}

/** Asks Velero to delete a backup, what lies in the bucket for it, and its restores. */
async function requestBackupDeletion(
  place: Pick<VeleroLesson, 'api' | 'veleroNamespace' | 'signal'>,
  backupName: string,
): Promise<void> {
  await place.api.create(
    veleroPath(place, 'deletebackuprequests'),
    {
      apiVersion: 'velero.io/v1',
      kind: 'DeleteBackupRequest',
      metadata: { generateName: `${backupName}-` },
      spec: { backupName },
    },
    place.signal,
  );
}

function veleroPath({ veleroNamespace }: Pick<VeleroLesson, 'veleroNamespace'>, plural: string): string {
  return `/apis/velero.io/v1/namespaces/${veleroNamespace}/${plural}`;
}

async function completed(lesson: VeleroLesson, plural: string, name: string): Promise<void> {
  await waitFor(
    {
      for: `Velero to complete ${plural}/${name}, so that it lists the new types`,
      budgetMs: BUDGET_MS,
      look: async (signal) => {
        const object = await lesson.api.getObject(`${veleroPath(lesson, plural)}/${name}`, signal);
        const phase = withStatus.parse(object).status?.phase ?? 'not begun';
        if (phase === 'Completed') return arrived(undefined);
        if (ENDED.has(phase)) throw new HopelessError(`${plural}/${name} ended as ${phase}`);
        return notYet(`its phase is ${phase}`);
      },
    },
    lesson.clock,
    lesson.signal,
  );
}

async function annotate(
  definitions: readonly string[],
  key: string,
  value: string,
  { api, signal }: VeleroLesson,
): Promise<void> {
  for (const definition of definitions) {
    await api.patch(
      `${CUSTOM_RESOURCE_DEFINITIONS}/${definition}`,
      { metadata: { annotations: { [key]: value } } },
      signal,
    );
  }
}

/** What a drill made in Velero: each object carries the drill's label. */
export interface DrillInVelero {
  readonly api: KubernetesApi;
  readonly veleroNamespace: string;
  /** By which its objects are found, `key=value`. */
  readonly selector: string;
  /** The namespace that was backed up. */
  readonly namespace: string;
  /** Whether Velero was given volumes to back up, and so keeps a repository for the namespace. */
  readonly keepsRepository: boolean;
  readonly clock: Clock;
}

/** Removes the Schedules of a drill. */
export async function removeSchedules(place: DrillInVelero, signal: AbortSignal): Promise<void> {
  for (const name of await namesOf(place, 'schedules', signal)) {
    await place.api.delete(`${veleroPath(place, 'schedules')}/${name}`, signal);
  }
}

/** Removes what Velero was told in ConfigMaps about this drill's backups (its resource policies). */
export async function removePolicies(
  { api, veleroNamespace, selector }: DrillInVelero,
  signal: AbortSignal,
): Promise<void> {
  const path = configMapsPath(veleroNamespace);
  for await (const { metadata } of api.list(path, signal, selector)) {
    await api.delete(`${path}/${metadata.name}`, signal);
  }
}

/** Asks Velero to delete the backups of a drill with their files; where it keeps a repository, waits for that and removes the repository. */
export async function removeBackups(place: DrillInVelero, signal: AbortSignal): Promise<void> {
  for (const name of await namesOf(place, 'backups', signal)) await requestBackupDeletion({ ...place, signal }, name);
  if (place.keepsRepository) await removeRepositories(place, signal);
}

/**
 * Velero looks after each namespace's repository with a Job every hour for as long as its BackupRepository is there. It goes
 * only after the backups, because deleting one opens the repository again. Its files go with the target's bucket.
 */
async function removeRepositories(place: DrillInVelero, signal: AbortSignal): Promise<void> {
  await waitFor(
    {
      for: 'the backups of the drill to be deleted',
      budgetMs: DELETION_BUDGET_MS,
      intervalMs: 200,
      look: async (lookSignal) => {
        const left = await namesOf(place, 'backups', lookSignal);
        return left.length === 0 ? arrived(undefined) : notYet(`${left.length} are left`);
      },
    },
    place.clock,
    signal,
  );
  const ofNamespace = `velero.io/volume-namespace=${place.namespace}`;
  for await (const { metadata } of place.api.list(veleroPath(place, 'backuprepositories'), signal, ofNamespace)) {
    await place.api.delete(`${veleroPath(place, 'backuprepositories')}/${metadata.name}`, signal);
  }
}

async function namesOf(place: DrillInVelero, plural: string, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { metadata } of place.api.list(veleroPath(place, plural), signal, place.selector)) {
      names.push(metadata.name);
    }
  } catch (error) {
    // Without Velero's types there are no objects of it either.
    if (!isStatus(error, 404)) throw error;
  }
  return names;
}
