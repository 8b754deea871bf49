import { z } from 'zod';
import type { ManifestObject } from '../manifests/object.ts';
import { requireThere } from '../manifests/sources.ts';
import type { Schedule } from '../model/contract.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { parsedOptions } from '../model/options-mistake.ts';
import { parseDurationMs } from '../model/units.ts';
import { parseCron } from '../verdict/cron-expression.ts';
import { scheduleOption } from './schedule-option.ts';
import { readManifestSchedule } from './velero-manifest.ts';

const optionsSchema = z.strictObject({
  /** When Velero runs it: five fields of cron, `@daily` or the like, or `@every 6h`. */
  cron: z.string().trim().min(1).optional(),
  /** Instead of `cron`: a file or folder of manifests with the Schedule; its times and its template are taken as they are. */
  manifest: z.string().min(1).optional(),
  /** Which Schedule, where the manifests have several. */
  name: z.string().min(1).optional(),
  /** The namespace that the asset has in production: a Schedule that leaves it out protects nothing. */
  namespace: z.string().min(1).optional(),
  /** In which the cron expression is read. */
  timeZone: z.string().min(1).optional(),
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
  /** How the bucket of a region's Velero gets into the bucket of another region: what `region-lost` is survived by. */
  offRegion: z
    .strictObject({
      /** An executable of the platform, given OPERATION (`copy`), SOURCE_BUCKET, SOURCE_REGION, DESTINATION_BUCKET, DESTINATION_REGION and AWS_*. */
      copy: z.string().min(1),
      /** When the platform runs it. */
      schedule: scheduleOption,
    })
    .optional(),
});

export type VeleroScheduleOptions = z.input<typeof optionsSchema>;

/** How backups get into another region. */
export interface OffRegion {
  readonly copy: string;
  readonly schedule: Schedule;
}

export interface ParsedSchedule {
  readonly cron: string;
  readonly timeZone: string;
  /** As Velero writes durations. */
  readonly ttl: string | undefined;
  readonly existingResources: 'none' | 'update' | undefined;
  readonly allVolumes: boolean;
  readonly clusterScoped: readonly string[];
  readonly offRegion: OffRegion | undefined;
  /** Of the manifest, where the Schedule is one of somebody's manifests. */
  readonly template: Readonly<Record<string, unknown>>;
  /** Why no backup is ever taken by it. */
  readonly idle: string | undefined;
}

/**
 * @param objects what kubectl makes of the manifests; undefined before a run is prepared, when nothing is known of the Schedule yet.
 * @throws {ExplainedError} naming the field that is wrong.
 */
export function parseScheduleOptions(options: unknown, objects: readonly ManifestObject[] | undefined): ParsedSchedule {
  const result = parsedOptions('veleroSchedule(…)', optionsSchema, options);
  const { ttl, existingResources, volumes, clusterScoped, offRegion } = result;
  const { cron, timeZone, template, idle } = timesOf(result, objects);
  if (result.manifest === undefined) requireReadable(cron);
  return {
    cron,
    timeZone,
    template,
    idle,
    ttl: ttl === undefined ? undefined : `${Math.ceil(parseDurationMs(ttl, 'ttl of veleroSchedule(…)') / 1_000)}s`,
    existingResources,
    allVolumes: volumes === 'all',
    clusterScoped,
    offRegion,
  };
}

/** Velero refuses a Schedule whose times it cannot read, and never makes a backup. */
function requireReadable(cron: string): void {
  try {
    parseCron(cron);
  } catch (error) {
    throw wrong(`cron "${cron}" cannot be read: ${summaryOf(error)}`, error);
  }
}

function timesOf(
  { cron, timeZone, manifest, name, namespace }: z.output<typeof optionsSchema>,
  objects: readonly ManifestObject[] | undefined,
) {
  if (manifest === undefined) {
    if (cron === undefined) throw wrong('neither cron nor manifest says when it runs');
    return { cron, timeZone: timeZone ?? 'UTC', template: {}, idle: undefined };
  }
  if (cron !== undefined || timeZone !== undefined) throw wrong('cron and timeZone are the manifest’s, name only that');
  if (objects === undefined) {
    requireThere(manifest);
    return { cron: '', timeZone: 'UTC', template: {}, idle: undefined };
  }
  const found = readManifestSchedule(objects, manifest, name);
  const { namespaces } = found;
  const isLeftOut =
    namespace !== undefined && namespaces.length > 0 && !namespaces.includes('*') && !namespaces.includes(namespace);
  const idle = found.paused
    ? `Schedule ${found.name} is paused (spec.paused: true), so no backup is ever taken`
    : isLeftOut
      ? `Schedule ${found.name} backs up ${namespaces.join(', ')}, and not ${namespace}`
      : undefined;
  return { cron: found.cron, timeZone: found.timeZone, template: found.template, idle };
}

const environmentSchema = z.object({
  KUBECONFIG: z.string().min(1),
  ASSET_NAMESPACE: z.string().min(1),
  RESTORE_NAMESPACE: z.string().min(1),
  VELERO_NAMESPACE: z.string().min(1),
  VELERO_BACKUP_PREFIX: z.string(),
  VELERO_BUCKET: z.string().optional(),
  VELERO_BUCKET_REGION: z.string().optional(),
  VELERO_COPY_BUCKET: z.string().optional(),
  VELERO_COPY_REGION: z.string().optional(),
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
      expected:
        'the options cron and timeZone, or manifest, name and namespace; ttl, existingResources, volumes, clusterScoped and offRegion',
      observed,
      nextStep: 'Correct the field in the contract, e.g. cron: "0 * * * *".',
    },
    { cause },
  );
}
