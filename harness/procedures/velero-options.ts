import { z } from 'zod';
import { ExplainedError } from '../model/errors.ts';
import { parseDurationMs } from '../model/units.ts';

const optionsSchema = z.strictObject({
  /** When Velero runs it: five fields of cron. */
  cron: z.string().trim().min(1),
  /** In which the cron expression is read. */
  timeZone: z.string().min(1).default('UTC'),
  /** How long a recovery point is kept, e.g. `30d`; Velero's own default is 30 days. */
  ttl: z.string().optional(),
  /** What a restore does with objects that are there already: leave them (Velero's default), or update them. */
  existingResources: z.enum(['none', 'update']).optional(),
  /** Whose files are backed up: of every volume, or (as Velero's own setting says) of those that pods name in an annotation. */
  volumes: z.enum(['annotated', 'all']).default('annotated'),
  /** Which types of the whole cluster are backed up beside what Velero adds by itself (volumes, service accounts' roles). */
  clusterScoped: z
    .array(z.string().regex(/^[a-z]+(\.[a-z0-9.]+)?$/, 'must be a plural such as clusterroles'))
    .readonly()
    .default([]),
});

export type VeleroScheduleOptions = z.input<typeof optionsSchema>;

export interface ParsedSchedule {
  readonly cron: string;
  readonly timeZone: string;
  /** As Velero writes durations. */
  readonly ttl: string | undefined;
  readonly existingResources: 'none' | 'update' | undefined;
  readonly allVolumes: boolean;
  readonly clusterScoped: readonly string[];
}

/** @throws {ExplainedError} naming the field that is wrong. */
export function parseScheduleOptions(options: unknown): ParsedSchedule {
  const result = optionsSchema.safeParse(options);
  if (!result.success) throw wrong(z.prettifyError(result.error).replaceAll('\n', ' '), result.error);
  const { cron, timeZone, ttl, existingResources, volumes, clusterScoped } = result.data;
  if (cron.split(/\s+/).length !== 5) throw wrong(`cron "${cron}" has not five fields`);
  return {
    cron,
    timeZone,
    ttl: ttl === undefined ? undefined : `${Math.ceil(parseDurationMs(ttl, 'ttl of veleroSchedule(…)') / 1_000)}s`,
    existingResources,
    allVolumes: volumes === 'all',
    clusterScoped,
  };
}

const environmentSchema = z.object({
  KUBECONFIG: z.string().min(1),
  ASSET_NAMESPACE: z.string().min(1),
  RESTORE_NAMESPACE: z.string().min(1),
  VELERO_NAMESPACE: z.string().min(1),
  VELERO_BACKUP_PREFIX: z.string(),
});
export type VeleroEnvironment = z.infer<typeof environmentSchema>;

/** @throws {ExplainedError} when the asset is not one that Velero can back up. */
export function parseEnvironment(environment: Readonly<Record<string, string>>): VeleroEnvironment {
  const result = environmentSchema.safeParse(environment);
  if (result.success) return result.data;
  throw new ExplainedError(
    {
      thing: 'veleroSchedule(…)',
      expected: 'an asset in a Kubernetes namespace',
      observed: `the asset gives no ${result.error.issues.map(({ path }) => path.join('.')).join(', ')}`,
      nextStep: 'Protect this asset by another procedure.',
    },
    { cause: result.error },
  );
}

function wrong(observed: string, cause?: unknown): ExplainedError {
  return new ExplainedError(
    {
      thing: 'veleroSchedule(…)',
      expected: 'the options cron, timeZone, ttl, existingResources, volumes and clusterScoped',
      observed,
      nextStep: 'Correct the field in the contract, e.g. cron: "0 * * * *".',
    },
    { cause },
  );
}
