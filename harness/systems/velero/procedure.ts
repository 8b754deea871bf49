import { manifestRenderer } from '../../manifests/render.ts';
import type { Access } from '../../model/access.ts';
import type { Destination } from '../../model/backup-store.ts';
import { ExplainedError } from '../../model/errors.ts';
import type {
  Procedure,
  ProcedureContext,
  RecoveryPoint,
  RestoreContext,
  RestoreReport,
} from '../../model/procedure.ts';
import { type ManifestObject, preparable, type RenderManifests } from '../../model/rendering.ts';
import { performing } from '../../model/step.ts';
import { formatSize } from '../../model/units.ts';
import { namedUnlessUsual } from '../../procedure-kit/destination.ts';
import { requireTaken } from '../../procedure-kit/require-taken.ts';
import { requireProgram } from '../../process/named-program.ts';
import { type Command, runCommand } from '../../process/run.ts';
import { arrived, notYet, waitFor } from '../../wait/wait.ts';
import { DRILL_LABEL } from '../kubernetes/access.ts';
import { s3Backups } from '../s3/backup-store.ts';
import { veleroBackup, veleroBackupElsewhere } from './access.ts';
import type { StoredBackup, VeleroBucket } from './bucket.ts';
import { differencesOf } from './differences.ts';
import { claimOf, emptySelector, LEFT_OUT_BY_LABEL, notCompleted, withoutDefinitions } from './failures.ts';
import { Inventory } from './inventory.ts';
import { leftOutOf } from './left-out.ts';
import type { VeleroObjects } from './objects.ts';
import { copyOffRegion, describeCopy, openBackups, openCopies, requireCopied, requireCopy } from './off-region.ts';
import {
  type ParsedSchedule,
  parseEnvironment,
  parseScheduleOptions,
  type VeleroEnvironment,
  type VeleroScheduleOptions,
} from './options.ts';
import { restoreCommand } from './restore-command.ts';
import { ownRestore, requireRestorable, runRestoreObject } from './restore-object.ts';
import { type ClusterTypes, drillSchedule } from './schedule.ts';
import { backupSyncOf } from './sync.ts';
import { timesOfVelero } from './times.ts';
import { insteadOfFiles, requireNoSnapshots, withoutVolumes } from './volumes.ts';

/** Velero looks into the bucket when it starts and then once a minute (velero-sync.ts). A look that comes too early is followed by another one. */
const SYNC_BUDGET_MS = 180_000;

const OTHER_SYNC =
  "Velero of the standby region read its bucket at once (the target's setting `velero backup sync`); what production may wait for that is added to RTA as backup-sync";

type Options<Elsewhere> = Omit<VeleroScheduleOptions, 'offRegion'> & { readonly offRegion?: Elsewhere | undefined };

/**
 * Backups by a Velero Schedule of the asset's namespace, with the custom resource definitions that its objects need, and
 * restores by `velero restore create`, into another namespace where the asset says so. Manifests are rendered when a run is prepared.
 * @throws {ExplainedError} for an unknown or malformed option.
 */
export function veleroSchedule<Elsewhere extends VeleroScheduleOptions['offRegion'] = undefined>(
  options: Options<Elsewhere>,
): Procedure<VeleroAccess<Elsewhere>> {
  const { manifest, name, offRegion } = options;
  const copiedOn = offRegion?.schedule;
  const read = copiedOn !== undefined && 'read' in copiedOn ? copiedOn.read : undefined;
  const known = procedureOf(options, undefined);
  if (manifest === undefined && read === undefined) return known;
  const prepared = async (render: RenderManifests): Promise<Procedure<VeleroAccess<Elsewhere>>> => {
    const objects = manifest === undefined ? undefined : await render(manifest);
    if (read === undefined || offRegion === undefined) return procedureOf(options, objects);
    return procedureOf({ ...options, offRegion: { ...offRegion, schedule: await read(render) } }, objects);
  };
  const ready = async ({ target, step }: ProcedureContext) =>
    await prepared(manifestRenderer(target.tool('kubectl'), step.signal));
  const unread: Procedure<VeleroAccess<Elsewhere>> = {
    ...known,
    ...(manifest === undefined
      ? {}
      : { description: `Velero schedule ${name === undefined ? '' : `${name} `}in ${manifest}` }),
    backup: async (context) => await (await ready(context)).backup(context),
    restore: async (recoveryPoint, context) => await (await ready(context)).restore(recoveryPoint, context),
  };
  return preparable(unread, prepared);
}

function procedureOf<Elsewhere extends VeleroScheduleOptions['offRegion']>(
  options: Options<Elsewhere>,
  objects: readonly ManifestObject[] | undefined,
): Procedure<VeleroAccess<Elsewhere>> {
  const schedule = parseScheduleOptions(options, objects);
  const { cron, timeZone, offRegion, destination } = schedule;
  const times = timesOfVelero(schedule, options);
  return {
    description: `Velero schedule ${options.name === undefined ? '' : `${options.name} `}"${cron}" (${timeZone})${schedule.ttl === undefined ? '' : `, kept for ${schedule.ttl}`}${namedUnlessUsual(destination, s3Backups)}${describeCopy(offRegion)}`,
    ...(offRegion === undefined ? {} : { copiedOn: offRegion.schedule }),
    protects: protectedBy(offRegion),
    needs: ['kubernetes', ...schedule.writtenBy.needs],
    backupSync: backupSyncOf(schedule, objects, options.manifest),
    schedule: times,
    reads: [options.manifest, offRegion?.copy].filter((path) => path !== undefined),
    ...(offRegion === undefined ? {} : { check: async () => await requireProgram(offRegion.copy, 'copy script') }),
    differencesFromProduction: () => [
      ...differencesOf(schedule),
      ...destination.notEvaluated,
      ...(offRegion === undefined ? [] : [OTHER_SYNC]),
    ],
    backup: async (context) => {
      requireTaken(times);
      return await backUp(schedule, context);
    },
    restore: async (point, context) => await restore(schedule, point, context),
  };
}

type VeleroAccess<Elsewhere> =
  | typeof veleroBackup.name
  | (Elsewhere extends undefined ? never : typeof veleroBackupElsewhere.name);

/** A backup that nothing copies is lost with its region. */
function protectedBy<Elsewhere>(offRegion: ParsedSchedule['offRegion']): readonly Access<VeleroAccess<Elsewhere>>[] {
  // The types say of the option what is seen here of its value.
  const elsewhere = veleroBackupElsewhere as Access<VeleroAccess<Elsewhere>>;
  return offRegion === undefined ? [veleroBackup] : [veleroBackup, elsewhere];
}

async function backUp(schedule: ParsedSchedule, context: ProcedureContext): Promise<RecoveryPoint> {
  const { step, target, drillId } = context;
  const environment = parseEnvironment(context.environment);
  requireCopy(schedule, environment);
  const { objects, bucketAt } = await lookInto(environment);
  using bucket = bucketAt(await openBackups(schedule.destination, target, environment));
  const scheduleName = `dr-${drillId}`;
  using inventory = await Inventory.of(environment.KUBECONFIG);
  const ownLabel = `${DRILL_LABEL}=${drillId}`;
  const cluster = await clusterTypes(inventory, ownLabel, step.signal);
  const made = drillSchedule(scheduleName, schedule, environment, drillId, cluster);
  if (made.policy !== undefined) await objects.ensureConfigMap(made.policy);
  await objects.ensure('schedules', made.object);
  await requireRestorable(schedule, environment, context);
  const captureBegan = step.clock.now();
  const id = `${scheduleName}-${stampOf(captureBegan.utc)}`;
  await runVelero(['backup', 'create', id, '--from-schedule', scheduleName, '--wait'], environment, context);
  // Once the command has ended: whatever Velero uploads is uploaded before it calls a backup completed.
  const durable = step.clock.now();
  const looked = {
    inventory,
    types: cluster.types,
    namespace: environment.ASSET_NAMESPACE,
    ownLabel,
    ofCluster: made.ofCluster,
  };
  const [backup, stored, leftOut] = await Promise.all([
    objects.find('backups', id),
    bucket.stored(id, step.signal),
    leftOutOf(schedule, looked, step.signal),
  ]);
  const claimed = claimOf(backup);
  if (backup?.status.phase !== 'Completed') {
    const reasons = await Promise.all([
      objects.unusableLocations(),
      bucket.results({ backup: id }, step.signal).then(({ errors }) => errors),
    ]);
    const errors = reasons.flat();
    const isLeftOut = await objects.isLeftOutByLabel(environment.ASSET_NAMESPACE);
    const explained = isLeftOut ? LEFT_OUT_BY_LABEL : emptySelector(schedule);
    throw withoutVolumes(id, errors) ?? notCompleted(`velero backup ${id}`, backup, errors, explained);
  }
  if (insteadOfFiles(schedule) !== undefined) {
    const optedIn = await objects.optedInVolumes(environment.ASSET_NAMESPACE);
    requireNoSnapshots(schedule, optedIn, await objects.podVolumes(id));
  }
  if (!stored.restorable) {
    throw new ExplainedError({
      thing: `velero backup ${id}`,
      expected: `an archive and its metadata at ${bucket.location(id)}`,
      observed: `Velero says "${claimed}", and ${stored.objects === 1 ? '1 object lies' : `${stored.objects} objects lie`} there, without them`,
      nextStep: 'Check the BackupStorageLocation, its bucket and the credentials that Velero writes with.',
    });
  }
  const found = { id, captureBegan, durable, claimed, ...(leftOut.length === 0 ? {} : { leftOut: [...leftOut] }) };
  const { offRegion } = schedule;
  if (offRegion === undefined || environment.VELERO_COPY_BUCKET === undefined) {
    return await pointOf(found, stored, environment, objects, bucket, step.signal);
  }
  const said = await copyOffRegion(offRegion, environment, context);
  const there = { ...found, durable: step.clock.now(), claimed: `${claimed}; ${said}` };
  using copy = bucketAt(await openCopies(schedule.destination, target, environment));
  const storedThere = await requireCopied(copy, id, said, step.signal);
  const copied = await pointOf(there, storedThere, environment, objects, copy, step.signal);
  return { ...copied, copiedOn: offRegion.schedule };
}

async function pointOf(
  found: Pick<RecoveryPoint, 'id' | 'captureBegan' | 'durable' | 'claimed' | 'leftOut'>,
  stored: StoredBackup,
  environment: VeleroEnvironment,
  objects: VeleroObjects,
  bucket: VeleroBucket,
  signal: AbortSignal,
): Promise<RecoveryPoint> {
  const { restorable: _, ...archive } = stored;
  const files = await filesOf(found.id, environment, objects, bucket, signal);
  return { ...archive, ...found, location: bucket.location(found.id), ...files?.added(stored, found.claimed) };
}

/** The types of the cluster, and those of the whole cluster of which the drill has objects. */
async function clusterTypes(inventory: Inventory, ownLabel: string, signal: AbortSignal): Promise<ClusterTypes> {
  const types = await inventory.types(signal);
  const looked = await Promise.all(
    types.map(async (type) => {
      if (type.namespaced) return [];
      const first = await inventory.objects(type.path(''), ownLabel, signal).next();
      return first.done === true ? [] : [type];
    }),
  );
  return { types, needed: looked.flat() };
}

/** The client libraries are loaded when the first backup is taken, before it is timed: listing contracts needs none of them. */
async function lookInto({ KUBECONFIG, VELERO_NAMESPACE }: VeleroEnvironment) {
  const [{ VeleroObjects }, { VeleroBucket }] = await Promise.all([import('./objects.ts'), import('./bucket.ts')]);
  return {
    objects: await VeleroObjects.of(KUBECONFIG, VELERO_NAMESPACE),
    bucketAt: (destination: Destination) => new VeleroBucket(destination),
  };
}

/** What the backup holds of volumes; nothing when it holds none. @throws {ExplainedError} when it says so and nothing lies there. */
async function filesOf(
  id: string,
  { ASSET_NAMESPACE }: VeleroEnvironment,
  objects: VeleroObjects,
  bucket: VeleroBucket,
  signal: AbortSignal,
) {
  const volumes = await objects.podVolumes(id);
  if (volumes.length === 0) return undefined;
  const files = await bucket.storedFiles(ASSET_NAMESPACE, signal);
  const unfinished = volumes.find(({ phase, snapshotId }) => phase !== 'Completed' || snapshotId === '');
  if (unfinished !== undefined || files.objects === 0) {
    throw new ExplainedError({
      thing: `velero backup ${id}`,
      expected: `the files of ${volumes.map(({ what }) => what).join(', ')} in the bucket`,
      observed:
        unfinished === undefined ? 'none lies there' : `the backup of ${unfinished.what} is ${unfinished.phase}`,
      nextStep: `Read \`velero backup describe ${id} --details\` and the log of the node agent.`,
    });
  }
  return {
    added: (archive: StoredBackup, claimed: string) => ({
      objects: archive.objects + files.objects,
      sizeBytes: archive.sizeBytes + files.sizeBytes,
      digest: `${archive.digest}; volumes: ${files.digest}`,
      claimed: `${claimed}; files of ${volumes.map(({ what, bytesDone }) => `${what} (${formatSize(bytesDone)})`).join(', ')}`,
    }),
  };
}

async function restore(
  schedule: ParsedSchedule,
  { id: backup, leftOut = [] }: RecoveryPoint,
  context: RestoreContext,
): Promise<RestoreReport> {
  const { step, target } = context;
  requireSync(backup, context);
  const environment = parseEnvironment(context.environment);
  const { objects, bucketAt } = await lookInto(environment);
  const id = `${backup}-restore-${stampOf(step.clock.now().utc)}`;
  const { args, known, restored: described } = restoreCommand(backup, id, schedule, environment, context.backupWait);
  const own = await ownRestore(id, backup, schedule, environment, context);
  for (const each of own?.configMaps ?? []) await objects.ensureConfigMap(each);
  const { phase } = context;
  const wait = () => performing(step, known, () => waitUntilKnown(backup, objects, context));
  await (context.backupWait === undefined || phase === undefined ? wait() : phase('backup-sync', wait));
  const command = await performing(step, own?.described ?? described, () =>
    own === undefined
      ? // The label is for the drill alone: by it, its clean-up finds the restore.
        runVelero([...args, '--labels', `${DRILL_LABEL}=${context.drillId}`], environment, context)
      : runRestoreObject(own, objects, environment, context),
  );
  const restored = await objects.find('restores', id);
  const completed = restored?.status.phase === 'Completed';
  if (completed && restored.status.warnings === 0) {
    return { claimed: claimOf(restored), warnings: [], commands: [command] };
  }
  using bucket = bucketAt(await openCopies(schedule.destination, target, environment));
  const { errors, warnings } = await bucket.results({ restore: id }, step.signal);
  if (!completed) throw notCompleted(`velero restore ${id}`, restored, errors, withoutDefinitions(errors, leftOut));
  return { claimed: claimOf(restored), warnings, commands: [command] };
}

/** @throws {ExplainedError} when production's Velero never reads the bucket. The target's Velero reads it, and would hide that. */
function requireSync(backup: string, { backupWait }: RestoreContext): void {
  if (backupWait?.waitMs !== null) return;
  throw new ExplainedError({
    thing: `velero backup ${backup}`,
    expected: 'a Velero in another place that reads it from the bucket',
    observed: `it never does: ${backupWait.because}`,
    nextStep: 'Set backupSyncPeriod to more than 0s, such as 30s, or leave it out.',
  });
}

async function waitUntilKnown(backup: string, objects: VeleroObjects, { step }: ProcedureContext): Promise<void> {
  await waitFor(
    {
      for: `Velero to read backup ${backup} from the bucket`,
      budgetMs: SYNC_BUDGET_MS,
      look: async () => {
        const found = await objects.find('backups', backup);
        return found === undefined ? notYet('the cluster has no such Backup') : arrived(undefined);
      },
    },
    step.clock,
    step.signal,
  );
}

/** Runs `velero` and returns the command as a reader would type it. */
async function runVelero(
  args: readonly string[],
  environment: VeleroEnvironment,
  { target, step }: ProcedureContext,
): Promise<string> {
  const name = ['velero', ...args].join(' ');
  const command: Command = {
    name: ['velero', ...args.slice(0, 3)].join(' '),
    file: target.tool('velero'),
    args: ['--kubeconfig', environment.KUBECONFIG, '--namespace', environment.VELERO_NAMESPACE, ...args],
    // Its own settings file, if the user has one, must not change what is run here.
    env: { HOME: step.scratchDir },
  };
  await runCommand(command, step.signal);
  return name;
}

/** `20260131T120000123Z` of an ISO time, in lower case, fit for a name. */
function stampOf(utc: string): string {
  return utc.replaceAll(/[-:.TZ]/g, '');
}
