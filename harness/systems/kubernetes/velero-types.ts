import { z } from 'zod';
import type { Clock } from '../../clock/clock.ts';
import { arrived, HopelessError, notYet, waitFor } from '../../wait/wait.ts';
import type { KubernetesApi } from './api.ts';
import { CUSTOM_RESOURCE_DEFINITIONS } from './discovery.ts';
import { DRILL_LABEL, KNOWN_TO_VELERO } from './names.ts';

const TAUGHT_BY = 'dr-contracts.dev/taught-by';
const RESTORED_BY = 'velero.io/restore-name';
const BUDGET_MS = 60_000;

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
export async function requestBackupDeletion(
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

export function veleroPath({ veleroNamespace }: Pick<VeleroLesson, 'veleroNamespace'>, plural: string): string {
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
