import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import {
  type ObservedRecoveryPoint,
  POINTS_LISTED,
  type PostureCheck,
  type RecoveryPointsObservation,
} from '../../model/posture.ts';
import type { Target } from '../../model/target.ts';
import { parseDurationMs } from '../../model/units.ts';
import { findStorageLocation, type StorageLocation } from '../../systems/kubernetes/posture/live-schedules.ts';
import { listVeleroBackups, type VeleroBackup } from '../../systems/kubernetes/posture/velero-backups.ts';
import { durableSince, listRecoveryPoints } from '../bucket-reads.ts';
import { nameSchema, parseOptions, prefixSchema } from '../documents.ts';

const levels = {
  /** The newest must be younger than this. */
  fresh: z.string(),
  critical: z.string(),
  /** From the beginning of a capture until it lies off-site. */
  lag: z.string(),
  /** Percent of the attempts. */
  successAbove: z
    .number()
    .min(0)
    .lt(100, 'must be less than 100: no share is above 100 %')
    .refine((percent) => percent === 0 || percent > 1, 'is a percentage: write 99, not 0.99'),
};
const bucketSchema = z.strictObject({
  bucket: z.string().min(1),
  prefix: prefixSchema,
  /** Files that make a recovery point whole. */
  holds: z.array(z.string().min(1)).min(1),
  /** One is expected in each of these: an attempt that left nothing behind is counted as failed by it. */
  every: z.string(),
  ...levels,
});
const veleroSchema = z.strictObject({ schedule: nameSchema, ...levels });
export type RecoveryPointsOptions = z.input<typeof bucketSchema>;
export type VeleroBackupsOptions = z.input<typeof veleroSchema>;

/** Recovery points that a job puts into the live bucket, a folder each, are fresh, prompt and without gaps. */
export function recoveryPoints(options: RecoveryPointsOptions): PostureCheck {
  const { every, ...given } = parseOptions('recoveryPoints', bucketSchema, options);
  const where = `s3://${given.bucket}/${given.prefix}`;
  const promised = promisedBy(given, where);
  const everyMs = parseDurationMs(every, `${where}, every`);
  return {
    name: `${given.prefix.slice(0, -1).replaceAll('/', '-')}-recovery-points`,
    promise: `Recovery points in ${where} are younger than ${given.fresh} and hardly ever missing`,
    needs: ['s3'],
    async observe({ target, step }): Promise<RecoveryPointsObservation> {
      const at = step.clock.now().utc;
      const points = await listRecoveryPoints(target.s3, given, Date.parse(at), step.signal);
      const missed = missedBetween(points, Date.parse(at), everyMs);
      return {
        kind: 'recovery-points',
        where,
        at,
        promised,
        population: `counted are the folders that lie there, and ${missed} that should since the oldest`,
        ...tally(points, missed),
      };
    },
  };
}

/** Backups of a Velero Schedule, by Velero's own objects and by what really lies in the bucket. */
export function veleroBackups(options: VeleroBackupsOptions): PostureCheck {
  const given = parseOptions('veleroBackups', veleroSchema, options);
  const what = `Velero Schedule ${given.schedule}`;
  const promised = promisedBy(given, what);
  return {
    name: `velero-${given.schedule}-backups`,
    promise: `Backups of ${what} are younger than ${given.fresh}, and more than ${given.successAbove} % of them succeed`,
    needs: ['s3', 'kubernetes', 'velero'],
    async observe({ target, step }): Promise<RecoveryPointsObservation> {
      const { kubeconfigPath, veleroNamespace: namespace } = await target.sharedKubernetes();
      const backups = await listVeleroBackups(kubeconfigPath, { namespace, schedule: given.schedule }, step.signal);
      const at = step.clock.now().utc;
      const locationOf = await locationsOf(kubeconfigPath, namespace, backups, step.signal);
      const points: ObservedRecoveryPoint[] = [];
      for (const backup of backups) {
        points.push(await pointOf(backup, locationOf.get(backup.storageLocation), target, step.signal));
      }
      return {
        kind: 'recovery-points',
        where: `the storage location of ${what}`,
        at,
        promised,
        population: 'counted are the Backup objects that Velero still has',
        ...tally(points, 0),
      };
    },
  };
}

function promisedBy(
  given: { readonly fresh: string; readonly critical: string; readonly lag: string; readonly successAbove: number },
  thing: string,
): RecoveryPointsObservation['promised'] {
  const freshWithinMs = parseDurationMs(given.fresh, `${thing}, fresh`);
  const criticalAfterMs = parseDurationMs(given.critical, `${thing}, critical`);
  if (freshWithinMs >= criticalAfterMs) {
    throw new ExplainedError({
      thing: `check of ${thing}`,
      expected: 'a `fresh` that is shorter than `critical`',
      observed: `it has ${given.fresh} and ${given.critical}`,
      nextStep: 'Correct them in the contract.',
    });
  }
  return {
    successAbovePercent: given.successAbove,
    freshWithinMs,
    criticalAfterMs,
    lagWithinMs: parseDurationMs(given.lag, `${thing}, lag`),
  };
}

/** So many have had the time to come since the oldest and did not; one that may still come is not among them. */
function missedBetween(points: readonly ObservedRecoveryPoint[], nowMs: number, everyMs: number): number {
  const oldest = points.at(-1);
  if (oldest === undefined) return 0;
  const due = Math.floor((nowMs - Date.parse(oldest.captureBegan)) / everyMs);
  return Math.max(0, due - points.length);
}

function tally(points: readonly ObservedRecoveryPoint[], missed: number) {
  const count = (outcome: ObservedRecoveryPoint['outcome']) => points.filter((each) => each.outcome === outcome).length;
  return {
    counted: points.length,
    succeeded: count('succeeded'),
    failed: count('failed') + missed,
    missed,
    points: points.slice(0, POINTS_LISTED).map((point) => ({ ...point })),
  };
}

async function locationsOf(
  kubeconfigPath: string,
  namespace: string,
  backups: readonly VeleroBackup[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, StorageLocation | null>> {
  const names = [...new Set(backups.map(({ storageLocation }) => storageLocation))];
  const found = names.map(async (name) => {
    return [name, await findStorageLocation(kubeconfigPath, { namespace, name }, signal)] as const;
  });
  return new Map(await Promise.all(found));
}

async function pointOf(
  { name, outcome, began, said }: VeleroBackup,
  location: StorageLocation | null | undefined,
  { s3 }: Target,
  signal: AbortSignal,
): Promise<ObservedRecoveryPoint> {
  const point = { id: `Backup ${name}`, captureBegan: began, outcome };
  if (outcome !== 'succeeded' || location === null || location === undefined) return { ...point, durable: null, said };
  const folder = `${location.prefix === '' ? '' : `${location.prefix}/`}backups/${name}/`;
  const keys = [`${folder}${name}.tar.gz`, `${folder}velero-backup.json`];
  const durable = await durableSince(s3, location.bucket, keys, signal);
  if (durable !== undefined) return { ...point, durable, said };
  return { ...point, durable: null, said: `${said}; and nothing lies in s3://${location.bucket}/${folder}` };
}
