import { z } from 'zod';
import { KubernetesApi } from '../../../clients/kubernetes-api.ts';
import type { LiveSchedule, RunPolicy } from '../../../model/schedule.ts';
import { locationStatus, objectStorage, requireVeleroType, scheduleStatus } from './objects.ts';

/** A live Velero Schedule with further data for a posture. */
export interface LiveVeleroSchedule extends LiveSchedule {
  /** Retention of its backups, e.g. `720h0m0s`; undefined for Velero's default of 30 days. */
  readonly ttl: string | undefined;
  readonly storageLocation: string;
}

const scheduleSchema = z.looseObject({
  spec: z.looseObject({
    schedule: z.string(),
    paused: z.boolean().default(false),
    template: z.looseObject({ ttl: z.string().optional(), storageLocation: z.string().default('default') }),
  }),
  status: scheduleStatus,
});

const locationSchema = z.looseObject({
  spec: z.looseObject({
    objectStorage,
    accessMode: z.string().optional(),
    backupSyncPeriod: z.string().optional(),
    validationFrequency: z.string().optional(),
  }),
  status: locationStatus,
});

/** A time zone before the expression, as robfig/cron v3 reads it: https://pkg.go.dev/github.com/robfig/cron/v3#hdr-Time_zones */
const WITH_ZONE = /^(?:CRON_TZ|TZ)=(\S+)\s+(.+)$/;

/** While a backup of a Schedule is new or in progress, Velero delays the next one (velero pkg/controller/schedule_controller.go). */
const VELERO_RUNS: RunPolicy = { concurrency: 'Forbid' };

/** Returns a Velero Schedule; undefined if there is none of that name. Its phase shows whether Velero accepts it. */
export async function findVeleroSchedule(
  kubeconfigPath: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<LiveVeleroSchedule | null> {
  using api = new KubernetesApi(kubeconfigPath);
  const found = await api.findObject(`/apis/velero.io/v1/namespaces/${namespace}/schedules/${name}`, signal);
  if (found === undefined) {
    await requireVeleroType(api, 'schedules', signal);
    return null;
  }
  const { spec, status } = scheduleSchema.parse(found);
  const [, timeZone = 'UTC', cron = spec.schedule] = WITH_ZONE.exec(spec.schedule) ?? [];
  const location = await findStorageLocation(
    kubeconfigPath,
    { namespace, name: spec.template.storageLocation },
    signal,
  );
  return {
    cron,
    timeZone,
    paused: spec.paused,
    runs: VELERO_RUNS,
    problem: problemOf(status, location, spec.template.storageLocation),
    ttl: spec.template.ttl,
    storageLocation: spec.template.storageLocation,
  };
}

export interface StorageLocation {
  readonly bucket: string;
  readonly prefix: string;
  readonly phase: string;
  readonly message: string;
  /** If true, Velero restores from the location, and refuses every backup into it (velero pkg/controller/backup_controller.go). */
  readonly isReadOnly: boolean;
  /** Interval at which Velero lists the location's backups, as a Go duration; undefined for the server's default. */
  readonly syncPeriod: string | undefined;
  /** Interval at which Velero checks whether the location is usable. */
  readonly validationFrequency: string | undefined;
}

export async function findStorageLocation(
  kubeconfigPath: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<StorageLocation | null> {
  using api = new KubernetesApi(kubeconfigPath);
  const path = `/apis/velero.io/v1/namespaces/${namespace}/backupstoragelocations/${name}`;
  const found = await api.findObject(path, signal);
  if (found === undefined) return null;
  const { spec, status } = locationSchema.parse(found);
  const { bucket, prefix } = spec.objectStorage;
  return {
    bucket,
    prefix,
    phase: status.phase ?? 'not looked at yet',
    message: status.message ?? '',
    isReadOnly: spec.accessMode === 'ReadOnly',
    syncPeriod: spec.backupSyncPeriod,
    validationFrequency: spec.validationFrequency,
  };
}

function problemOf(
  status: z.infer<typeof scheduleSchema>['status'],
  location: StorageLocation | null,
  locationName: string,
): string | null {
  if (status.phase !== 'Enabled') {
    const errors = status.validationErrors.join(', ');
    return `Velero says ${status.phase ?? 'nothing of it yet'}${errors === '' ? '' : `: ${errors}`}`;
  }
  if (location === null) return `its storage location ${locationName} does not exist`;
  if (location.isReadOnly) {
    return `its storage location ${locationName} is ReadOnly (spec.accessMode), so Velero refuses every backup`;
  }
  if (location.phase === 'Available') return null;
  return `its storage location ${locationName} is ${location.phase}${location.message === '' ? '' : `: ${location.message}`}`;
}
