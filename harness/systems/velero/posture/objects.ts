import { z } from 'zod';
import { isStatus, KubernetesApi } from '../../../clients/kubernetes-api.ts';
import { ExplainedError } from '../../../model/errors.ts';

// Velero's objects and those of Kubernetes, as far as they tell whether an installation of Velero works. What a cluster's owner left
// out is read as the API server or Velero takes it.

const named = z.looseObject({ name: z.string() });

/** What Velero says of a Schedule. */
export const scheduleStatus = z
  .looseObject({ phase: z.string().optional(), validationErrors: z.array(z.string()).default([]) })
  .default({ validationErrors: [] });

/** What Velero says of a storage location. */
export const locationStatus = z
  .looseObject({ phase: z.string().optional(), message: z.string().optional() })
  .default({});

export const objectStorage = z.looseObject({ bucket: z.string(), prefix: z.string().default('') });

const resourceListSchema = z.looseObject({ resources: z.array(named) });

export const statusRequestSchema = z.looseObject({
  status: z
    .looseObject({
      phase: z.string().optional(),
      serverVersion: z.string().default(''),
      plugins: z
        .array(z.looseObject({ name: z.string(), kind: z.string() }))
        .nullish()
        .transform((plugins) => plugins ?? []),
    })
    .optional(),
});

export const locationSchema = z.looseObject({
  metadata: named,
  spec: z.looseObject({
    provider: z.string(),
    objectStorage: objectStorage.optional(),
    config: z.record(z.string(), z.string()).nullish(),
    accessMode: z.string().optional(),
  }),
  status: locationStatus,
});

export const snapshotLocationSchema = z.looseObject({
  metadata: named,
  spec: z.looseObject({ provider: z.string() }),
});

const namespaces = z
  .array(z.string())
  .nullish()
  .transform((given) => given ?? []);

export const scheduleSchema = z.looseObject({
  metadata: named,
  spec: z.looseObject({
    paused: z.boolean().default(false),
    template: z.looseObject({
      includedNamespaces: namespaces,
      excludedNamespaces: namespaces,
      defaultVolumesToFsBackup: z.boolean().nullish(),
      snapshotMoveData: z.boolean().nullish(),
    }),
  }),
  status: scheduleStatus,
});

export const backupSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), creationTimestamp: z.string() }),
  status: z
    .looseObject({
      phase: z.string().default('New'),
      startTimestamp: z.string().nullish(),
      failureReason: z.string().default(''),
      validationErrors: z.array(z.string()).default([]),
      errors: z.int().default(0),
    })
    .default({ phase: 'New', failureReason: '', validationErrors: [], errors: 0 }),
});

export const deploymentSchema = z.looseObject({
  metadata: named,
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.array(
          z.looseObject({ args: z.array(z.string()).default([]), command: z.array(z.string()).default([]) }),
        ),
      }),
    }),
  }),
});

export const nodeSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  spec: z
    .looseObject({
      unschedulable: z.boolean().default(false),
      taints: z
        .array(z.looseObject({ key: z.string(), effect: z.string() }))
        .nullish()
        .transform((taints) => taints ?? []),
    })
    .default({ unschedulable: false, taints: [] }),
});

export const podSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.looseObject({
    nodeName: z.string().default(''),
    volumes: z
      .array(named)
      .nullish()
      .transform((volumes) => volumes ?? []),
  }),
  status: z
    .looseObject({
      phase: z.string().default(''),
      conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
    })
    .default({ phase: '', conditions: [] }),
});

/** The types of Velero that the cluster serves, e.g. `backups`; none where its custom resource definitions are missing. */
export async function servedVeleroTypes(api: KubernetesApi, signal: AbortSignal): Promise<ReadonlySet<string>> {
  try {
    const { resources } = resourceListSchema.parse(await api.get('/apis/velero.io/v1', signal));
    return new Set(resources.map(({ name }) => name));
  } catch (error) {
    if (isStatus(error, 404)) return new Set();
    throw error;
  }
}

/**
 * Where an object is not found, its whole type may be unknown, and that is another finding.
 * @throws {ExplainedError} when the cluster does not serve the type.
 */
export async function requireVeleroType(
  api: KubernetesApi,
  type: 'backups' | 'schedules',
  signal: AbortSignal,
): Promise<void> {
  if ((await servedVeleroTypes(api, signal)).has(type)) return;
  throw new ExplainedError({
    thing: 'the cluster',
    expected: `Velero's custom resource definitions`,
    observed: `it does not serve ${type}.velero.io, so Velero is not installed`,
    nextStep: 'Run the installation procedure.',
    cause: 'velero-not-installed',
  });
}

/** A Backup object of Velero, as far as it tells how a backup went. */
export interface VeleroBackup {
  readonly name: string;
  readonly outcome: 'succeeded' | 'failed' | 'running';
  readonly began: string;
  readonly said: string;
  readonly storageLocation: string;
  /** How many objects it holds, as Velero counted them; undefined where it did not. */
  readonly items: number | undefined;
}

const listedBackupSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), creationTimestamp: z.string() }),
  spec: z.looseObject({ storageLocation: z.string().default('default') }),
  status: z
    .looseObject({
      phase: z.string().default('New'),
      startTimestamp: z.string().optional(),
      failureReason: z.string().optional(),
      errors: z.int().default(0),
      warnings: z.int().default(0),
      // Velero leaves a zero out (omitempty), and writes the object once it has counted.
      progress: z.looseObject({ itemsBackedUp: z.int().default(0), totalItems: z.int().default(0) }).optional(),
    })
    .default({ phase: 'New', errors: 0, warnings: 0 }),
});

const FAILED = new Set(['Failed', 'PartiallyFailed', 'FailedValidation', 'FinalizingPartiallyFailed']);

/** Every Backup object that a Schedule made, the newest first. A backup with errors is a failed one: what it lacks nobody restores. */
export async function listVeleroBackups(
  kubeconfigPath: string,
  { namespace, schedule }: { readonly namespace: string; readonly schedule: string },
  signal: AbortSignal,
): Promise<readonly VeleroBackup[]> {
  using api = new KubernetesApi(kubeconfigPath);
  const path = `/apis/velero.io/v1/namespaces/${namespace}/backups`;
  await requireVeleroType(api, 'backups', signal);
  const backups: VeleroBackup[] = [];
  for await (const object of api.list(path, signal, `velero.io/schedule-name=${schedule}`)) {
    const { metadata, spec, status } = listedBackupSchema.parse(object);
    const { phase, errors, warnings, failureReason, progress } = status;
    const counted = progress === undefined ? '' : `, ${progress.itemsBackedUp} items`;
    backups.push({
      name: metadata.name,
      outcome: phase === 'Completed' ? 'succeeded' : FAILED.has(phase) ? 'failed' : 'running',
      began: new Date(status.startTimestamp ?? metadata.creationTimestamp).toISOString(),
      said: `${phase}${counted}, ${errors} errors, ${warnings} warnings${failureReason === undefined ? '' : `: ${failureReason}`}`,
      storageLocation: spec.storageLocation,
      items: progress?.itemsBackedUp,
    });
  }
  return backups.toSorted((one, other) => Date.parse(other.began) - Date.parse(one.began));
}
