import { z } from 'zod';
import type { BackupSync, BackupWait } from '../../model/procedure.ts';
import type { ManifestObject } from '../../model/rendering.ts';
import type { ParsedSchedule } from './options.ts';
import { parseGoDurationMs } from './ttl.ts';

// When a Velero that did not take a backup learns of it. Facts from velero 1.18.3: pkg/controller/backup_sync_controller.go,
// pkg/util/kube/periodical_enqueue_source.go, pkg/cmd/server/server.go and pkg/cmd/server/config/config.go.

/** It looks which locations are due when the server starts and then every minute (`backupSyncReconcilePeriod`); no setting changes that. */
const LOOK_EVERY_MS = 60_000;
/** `--backup-sync-period` of the server, and what it takes instead of zero or less. */
const DEFAULT_PERIOD_MS = 60_000;
/** The server's `--default-backup-storage-location`. */
const DEFAULT_LOCATION = 'default';
const PERIOD_FLAG = '--backup-sync-period';

const LOOKS = 'Velero looks once a minute';

/** How often production's Velero reads the bucket; null for never. */
interface Period {
  readonly periodMs: number | null;
  readonly because: string;
}

const locationObject = z.looseObject({
  spec: z
    .looseObject({
      default: z.boolean().nullish(),
      backupSyncPeriod: z.string().nullish(),
    })
    .default({}),
});

const texts = z
  .array(z.string())
  .nullish()
  .transform((some) => some ?? []);
const deploymentObject = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ containers: z.array(z.looseObject({ command: texts, args: texts })) }),
    }),
  }),
});

/**
 * How long production may wait until another Velero knows a backup, as its manifests say; by Velero's defaults where they say nothing.
 * @param objects what kubectl makes of the manifests; undefined where the contract names none.
 */
export function backupSyncOf(
  { template }: Pick<ParsedSchedule, 'template'>,
  objects: readonly ManifestObject[] | undefined,
  manifest: string | undefined,
): BackupSync {
  const period = periodOf(template['storageLocation'], objects ?? [], manifest);
  return { inNewPlace: inNewPlace(period), inStandby: inStandby(period) };
}

/**
 * Once a minute the location is due if its period has passed since the last sync has ended. So at worst the bucket has just been listed,
 * and every look before the period is over, or at the moment when it ends, passes the location over.
 */
function inStandby({ periodMs, because }: Period): BackupWait {
  if (periodMs === null) return { waitMs: null, because };
  const waitMs = LOOK_EVERY_MS * (Math.floor(periodMs / LOOK_EVERY_MS) + 1);
  return { waitMs, because: `${LOOKS} whether the location is due; ${because}` };
}

/**
 * A server reads the bucket when it starts, unless the location has not been validated yet, as is the case of a new one: validation needs
 * the plugin and the store, and the first look does not wait for it. The next look is a minute later, and a location that was never
 * read is then due, whatever its period is.
 */
function inNewPlace({ periodMs, because }: Period): BackupWait {
  if (periodMs === null) return { waitMs: null, because };
  return {
    waitMs: LOOK_EVERY_MS,
    because: `a new Velero passes over a location that is not validated yet, and ${LOOKS.replace('Velero ', '')}`,
  };
}

function periodOf(named: unknown, objects: readonly ManifestObject[], manifest: string | undefined): Period {
  const location = locationOf(named, objects);
  const text = location?.spec.backupSyncPeriod ?? undefined;
  if (location === undefined || text === undefined) return serverPeriod(objects, manifest);
  const field = `backupSyncPeriod ${text} of BackupStorageLocation ${location.name} in ${manifest}`;
  const periodMs = parseGoDurationMs(text);
  if (periodMs === undefined) return { periodMs: null, because: `${field} is not a duration that Velero can read` };
  if (periodMs === 0) return { periodMs: null, because: `${field} ends the sync of backups` };
  return periodMs > 0 ? { periodMs, because: field } : serverPeriod(objects, manifest);
}

/** The location that the Schedule names, else the default one. */
function locationOf(named: unknown, objects: readonly ManifestObject[]) {
  const locations = objects
    .filter(({ apiVersion, kind }) => kind === 'BackupStorageLocation' && apiVersion.startsWith('velero.io/'))
    .map((object) => ({ name: object.metadata.name, spec: locationObject.parse(object).spec }));
  if (typeof named === 'string' && named !== '') return locations.find(({ name }) => name === named);
  return locations.find(({ spec }) => spec.default === true) ?? locations.find(({ name }) => name === DEFAULT_LOCATION);
}

/** As the server is started, where the manifests have it. */
function serverPeriod(objects: readonly ManifestObject[], manifest: string | undefined): Period {
  for (const object of objects) {
    if (object.kind !== 'Deployment') continue;
    const deployment = deploymentObject.safeParse(object);
    if (!deployment.success) continue;
    for (const { command, args } of deployment.data.spec.template.spec.containers) {
      const text = flagIn([...command, ...args]);
      const periodMs = text === undefined ? undefined : parseGoDurationMs(text);
      if (text === undefined || periodMs === undefined) continue;
      const because = `${PERIOD_FLAG} ${text} of Deployment ${object.metadata.name} in ${manifest}`;
      return { periodMs: periodMs > 0 ? periodMs : DEFAULT_PERIOD_MS, because };
    }
  }
  const where =
    manifest === undefined ? 'the contract names no manifests with another period' : `${manifest} sets no other period`;
  return { periodMs: DEFAULT_PERIOD_MS, because: `Velero's default period of 1m, because ${where}` };
}

function flagIn(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word === PERIOD_FLAG || word.startsWith(`${PERIOD_FLAG}=`));
  if (at < 0) return undefined;
  const [, value] = /^[^=]+=(.*)$/s.exec(words[at] ?? '') ?? [];
  return value ?? words[at + 1];
}
