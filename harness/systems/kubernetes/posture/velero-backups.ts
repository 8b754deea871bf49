import { z } from 'zod';
import { KubernetesApi } from '../api.ts';
import { requireVeleroType } from './velero-types.ts';

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

const backupSchema = z.looseObject({
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
    const { metadata, spec, status } = backupSchema.parse(object);
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
