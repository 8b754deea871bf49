import type { BackupStore, Destination } from '../../model/backup-store.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { ProcedureContext } from '../../model/procedure.ts';
import type { Target } from '../../model/target.ts';
import { openS3 } from '../s3/backup-store.ts';
import { transfer } from '../s3/bucket-transfer.ts';
import type { S3Place } from '../s3/service.ts';
import { s3Store } from '../s3/service.ts';
import type { StoredBackup, VeleroBucket } from './bucket.ts';
import type { OffRegion, ParsedSchedule, VeleroEnvironment } from './options.ts';

export const describeCopy = (offRegion: OffRegion | undefined): string =>
  offRegion === undefined
    ? ''
    : `, copied into another region at "${offRegion.schedule.cron}" (${offRegion.schedule.timeZone})`;

/** Where Velero writes to: the bucket of its region, where the asset has regions. */
export const openBackups = async (
  store: BackupStore,
  target: Target,
  { VELERO_BUCKET, VELERO_BUCKET_REGION, VELERO_BACKUP_PREFIX }: VeleroEnvironment,
): Promise<Destination> => await open(store, target, VELERO_BACKUP_PREFIX, VELERO_BUCKET, VELERO_BUCKET_REGION);

/** Where a restore reads: the bucket of the standby region, where the asset has regions. */
export const openCopies = async (
  store: BackupStore,
  target: Target,
  { VELERO_COPY_BUCKET, VELERO_COPY_REGION, VELERO_BACKUP_PREFIX }: VeleroEnvironment,
): Promise<Destination> => await open(store, target, VELERO_BACKUP_PREFIX, VELERO_COPY_BUCKET, VELERO_COPY_REGION);

async function open(
  store: BackupStore,
  target: Target,
  clusterPrefix: string,
  bucket: string | undefined,
  region: string | undefined,
): Promise<Destination> {
  const prefix = `${clusterPrefix.replace(/\/+$/, '')}/`;
  if (bucket === undefined || region === undefined) return await store.open(target, prefix);
  // Only S3 has buckets of regions.
  return await openS3(target, prefix, { bucket, region });
}

/** The bucket that Velero writes to: of its region, where the asset has regions. */
const placeOfBackups = (s3: S3Place, environment: VeleroEnvironment): S3Place =>
  at(s3, environment.VELERO_BUCKET, environment.VELERO_BUCKET_REGION);

/** The bucket that a restore reads: that of the standby region, where the asset has regions. */
const placeOfCopies = (s3: S3Place, environment: VeleroEnvironment): S3Place =>
  at(s3, environment.VELERO_COPY_BUCKET, environment.VELERO_COPY_REGION);

const at = (s3: S3Place, backupBucket = s3.backupBucket, region = s3.region): S3Place => ({
  ...s3,
  backupBucket,
  region,
});

/** @throws {ExplainedError} when the region may be lost with every backup in it. */
export function requireCopy({ offRegion }: ParsedSchedule, environment: VeleroEnvironment): void {
  const { VELERO_COPY_BUCKET, VELERO_BUCKET_REGION } = environment;
  if (VELERO_COPY_BUCKET === undefined || offRegion !== undefined) return;
  throw new ExplainedError({
    thing: 'veleroSchedule(…)',
    expected: `a copy of the backups outside region ${VELERO_BUCKET_REGION}`,
    observed: 'nothing makes one, so every backup is lost with the region',
    nextStep: 'Copy the bucket into another region, and describe the copy in `offRegion`.',
  });
}

/** Runs the platform's copy to its end. @returns what it said last. */
export async function copyOffRegion(
  { copy }: OffRegion,
  environment: VeleroEnvironment,
  context: ProcedureContext,
): Promise<string> {
  const { target } = context;
  const s3 = await target.place(s3Store);
  const from = placeOfBackups(s3, environment);
  const to = placeOfCopies(s3, environment);
  return await transfer(
    copy,
    {
      operation: 'copy',
      source: [from.backupBucket, from.region],
      destination: [to.backupBucket, to.region],
    },
    {
      AWS_ENDPOINT_URL: s3.endpoint,
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    },
    context,
  );
}

/** @throws {ExplainedError} unless the backup lies in the other region as well, whatever the copy said. */
export async function requireCopied(
  copy: VeleroBucket,
  id: string,
  said: string,
  signal: AbortSignal,
): Promise<StoredBackup> {
  const stored = await copy.stored(id, signal);
  if (stored.restorable) return stored;
  throw new ExplainedError({
    thing: `copy of velero backup ${id}`,
    expected: `its archive and its metadata at ${copy.location(id)}`,
    observed: `the copy ended well${said === '' ? '' : ` ("${said}")`}, and ${stored.objects === 1 ? '1 object lies' : `${stored.objects} objects lie`} there, without them`,
    nextStep: 'Run it by hand and look at what it copies, and at its credentials.',
  });
}
