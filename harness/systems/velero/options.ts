import { z } from 'zod';
import { requireThere } from '../../manifests/sources.ts';
import type { BackupStore, ClusterStore } from '../../model/backup-store.ts';
import { ExplainedError, summaryOf } from '../../model/errors.ts';
import { parsedOptions } from '../../model/options-mistake.ts';
import type { ManifestObject } from '../../model/rendering.ts';
import type { Schedule } from '../../model/schedule.ts';
import { parseDurationMs } from '../../model/units.ts';
import { destinationOptionOf } from '../../procedure-kit/destination.ts';
import { scheduleOption } from '../../procedure-kit/schedule-option.ts';
import { parseCron } from '../../verdict/cron-expression.ts';
import { s3Backups } from '../s3/backup-store.ts';
import { backupFilters, oldFiltersIn } from './filters.ts';
import { readManifestSchedule } from './manifest.ts';
import { type ParsedRestore, parseRestore, restoreOption } from './restore-options.ts';
import { type Idle, idleOf, productionNamespace } from './scope.ts';

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
  /** What else a Restore says, in the words of Velero's RestoreSpec: `restoreStatus`, `hooks`, `resourceModifier`. */
  restore: restoreOption.optional(),
  /** The store that Velero writes to: `s3Backups` when left out, or `gcsBackups`. */
  destination: destinationOptionOf(s3Backups),
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
  readonly destination: BackupStore;
  /** How the target's Velero reaches that store. */
  readonly writtenBy: ClusterStore;
  readonly offRegion: OffRegion | undefined;
  /** Of the manifest, where the Schedule is one of somebody's manifests. */
  readonly template: Readonly<Record<string, unknown>>;
  /** The resource policy that the template names, as text. */
  readonly policy: string | undefined;
  /** The Schedule, for a reader: `Schedule nightly in velero/s.yaml`; undefined where the contract itself states it. */
  readonly heldBy: string | undefined;
  /** What the asset's namespace is called in production, where something says it. */
  readonly production: string | undefined;
  readonly restore: ParsedRestore | undefined;
  /** Why no backup is ever taken by it. */
  readonly idle: Idle | undefined;
}

/**
 * @param objects what kubectl makes of the manifests; undefined before a run is prepared, when nothing is known of the Schedule yet.
 * @throws {ExplainedError} naming the field that is wrong.
 */
export function parseScheduleOptions(options: unknown, objects: readonly ManifestObject[] | undefined): ParsedSchedule {
  const result = parsedOptions('veleroSchedule(…)', optionsSchema, options);
  const { ttl, existingResources, volumes, clusterScoped, destination, offRegion } = result;
  const { restore, manifest } = result;
  const found = timesOf(result, objects);
  const { cron, template, production } = found;
  // Before a run is prepared nothing is known of what the manifests hold.
  const isUnread = manifest !== undefined && objects === undefined;
  if (restore !== undefined && 'existingResourcePolicy' in restore && existingResources !== undefined) {
    throw wrong('existingResources and restore.existingResourcePolicy set the same field; leave one of the two out');
  }
  if (result.manifest === undefined) requireReadable(cron);
  const writtenBy = writtenByVelero(destination, offRegion);
  return {
    ...found,
    restore: restore === undefined || isUnread ? undefined : parseRestore(restore, production, manifest, objects),
    ttl: ttl === undefined ? undefined : `${Math.ceil(parseDurationMs(ttl, 'ttl of veleroSchedule(…)') / 1_000)}s`,
    existingResources,
    allVolumes: volumes === 'all',
    clusterScoped: typesOfCluster(clusterScoped, template),
    destination,
    writtenBy,
    offRegion,
  };
}

/** @throws {ExplainedError} for a store to which the target's Velero does not write, and for regions in another store than S3. */
function writtenByVelero({ name, inCluster, capability }: BackupStore, offRegion: OffRegion | undefined): ClusterStore {
  if (inCluster === undefined) throw wrong(`destination is ${name}, to which no target's Velero writes`);
  if (offRegion !== undefined && capability !== s3Backups.capability) {
    throw wrong(`offRegion copies buckets of S3, and destination is ${name}; leave one of the two out`);
  }
  return inCluster;
}

/** Velero refuses a Schedule whose times it cannot read, and never makes a backup. */
function requireReadable(cron: string): void {
  try {
    parseCron(cron);
  } catch (error) {
    throw wrong(`cron "${cron}" cannot be read: ${summaryOf(error)}`, error);
  }
}

/**
 * Velero refuses old filters beside new ones, and `clusterScoped` is a new one. A Schedule that takes everything of the cluster takes those
 * types as well.
 */
function typesOfCluster(
  clusterScoped: readonly string[],
  template: Readonly<Record<string, unknown>>,
): readonly string[] {
  const filters = backupFilters.parse(template);
  const isWhole = filters.includeClusterResources === true;
  const old = oldFiltersIn(filters).find((field) => field !== 'includeClusterResources' || !isWhole);
  if (old === undefined || clusterScoped.length === 0) return isWhole ? [] : clusterScoped;
  throw wrong(
    `clusterScoped cannot be combined with ${old} of the Schedule: Velero refuses old and new filters together. Types of the cluster that the Schedule includes need no clusterScoped`,
  );
}

function timesOf(
  { cron, timeZone, manifest, name, namespace }: z.output<typeof optionsSchema>,
  objects: readonly ManifestObject[] | undefined,
) {
  if (manifest === undefined) {
    if (cron === undefined) throw wrong('neither cron nor manifest says when it runs');
    const nothing = { policy: undefined, heldBy: undefined, idle: undefined, production: namespace };
    return { cron, timeZone: timeZone ?? 'UTC', template: {}, ...nothing };
  }
  if (cron !== undefined || timeZone !== undefined)
    throw wrong('cron and timeZone come from the manifest; leave both options out');
  if (objects === undefined) {
    requireThere(manifest);
    const unknown = { policy: undefined, heldBy: undefined, idle: undefined, production: namespace };
    return { cron: '', timeZone: 'UTC', template: {}, ...unknown };
  }
  const found = readManifestSchedule(objects, manifest, name);
  return {
    cron: found.cron,
    timeZone: found.timeZone,
    template: found.template,
    policy: found.policy,
    heldBy: `Schedule ${found.name} in ${manifest}`,
    production: productionNamespace(found, namespace),
    idle: idleOf(found, namespace),
  };
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
        'the options cron and timeZone, or manifest, name and namespace; ttl, existingResources, restore, volumes, clusterScoped, destination and offRegion',
      observed,
      nextStep: 'Correct the field in the contract, e.g. cron: "0 * * * *".',
    },
    { cause },
  );
}
