import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import type {
  ObservedRecoveryPoint,
  PostureCheck,
  PostureProject,
  RecoveryPointsObservation,
} from '../../model/posture.ts';
import type { Target } from '../../model/target.ts';
import { parseDurationMs } from '../../model/units.ts';
import { nameSchema, parseOptions, prefixSchema } from '../../posture-kit/check-options.ts';
import { contractFor } from '../../posture-kit/objective.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { durableSince, listRecoveryPoints } from '../../systems/s3/bucket-reads.ts';
import { s3Store } from '../../systems/s3/service.ts';
import { folderOfBackup, isEmptyBackup } from '../../systems/velero/posture/empty-backup.ts';
import { listVeleroBackups, type VeleroBackup } from '../../systems/velero/posture/objects.ts';
import { findStorageLocation, type StorageLocation } from '../../systems/velero/posture/schedules.ts';
import { layoutOf, layoutOptions, seriesOf } from '../point-series.ts';

const levels = {
  /** Maximum age of the newest recovery point. */
  fresh: z.string().optional(),
  critical: z.string().optional(),
  /** The contract whose `freshness` applies, instead of `fresh` and `critical`. */
  for: nameSchema.optional(),
  /** Maximum time from the start of a capture until it is stored off-site. */
  lag: z.string(),
  /** Minimum percentage of successful attempts. */
  successAbove: z
    .number()
    .min(0)
    .lt(100, 'must be less than 100: no share is above 100 %')
    .refine((percent) => percent === 0 || percent > 1, 'is a percentage: write 99, not 0.99'),
};
const bucketSchema = z.strictObject({
  bucket: z.string().min(1),
  prefix: prefixSchema,
  ...layoutOptions,
  /** Interval in which one is expected. A missing one counts as a failed attempt that left nothing behind. */
  every: z.string(),
  ...levels,
});
const veleroSchema = z.strictObject({ schedule: nameSchema, ...levels });
export type RecoveryPointsOptions = z.input<typeof bucketSchema>;
export type VeleroBackupsOptions = z.input<typeof veleroSchema>;

/** Recovery points of a job in the live bucket are fresh, prompt and without gaps. */
export function recoveryPoints(options: RecoveryPointsOptions): PostureCheck {
  const { every, ...given } = parseOptions('recoveryPoints', bucketSchema, options);
  const where = `s3://${given.bucket}/${given.prefix}`;
  const promised = promisedBy(given, where);
  const everyMs = parseDurationMs(every, `${where}, every`);
  const layoutAt = layoutOf(given, where);
  return {
    name: `${given.prefix.slice(0, -1).replaceAll('/', '-')}-recovery-points`,
    promise: `Recovery points in ${where} are ${youngerThan(given)} and hardly ever missing`,
    needs: ['s3'],
    condition: 'backups',
    about: [{ kind: 'bucket', name: given.bucket }],
    objectiveOf: given.for,
    async observe({ target, step, project }): Promise<RecoveryPointsObservation> {
      const levelsOf = await promised(project);
      const at = step.clock.now().utc;
      const nowMs = Date.parse(at);
      const { points, unread, isZoneAssumed, isDayOnly } = await listRecoveryPoints(
        await target.place(s3Store),
        layoutAt(nowMs),
        nowMs,
        step.signal,
      );
      const series = seriesOf(points, nowMs, { everyMs, freshWithinMs: levelsOf.freshWithinMs });
      return {
        kind: 'recovery-points',
        where,
        at,
        promised: levelsOf,
        population: `counted: the recovery points that lie there, and ${series.missed} that are missing between and after them`,
        everyMs,
        ...series,
        ...(unread.count === 0 ? {} : { unread: { ...unread, examples: [...unread.examples] } }),
        ...(isZoneAssumed ? { isZoneAssumed } : {}),
        notVerified: isDayOnly
          ? [
              'how long a capture takes: names give only a day or an hour, so each capture is assumed to begin with its first object',
            ]
          : [],
      };
    },
  };
}

/** Checks backups of a Velero Schedule against Velero's own objects and the objects stored in the bucket. */
export function veleroBackups(options: VeleroBackupsOptions): PostureCheck {
  const given = parseOptions('veleroBackups', veleroSchema, options);
  const what = `Velero Schedule ${given.schedule}`;
  const promised = promisedBy(given, what);
  return {
    name: `velero-${given.schedule}-backups`,
    promise: `Backups of ${what} are ${youngerThan(given)}, and more than ${given.successAbove} % of them succeed`,
    needs: ['s3', 'kubernetes', 'velero'],
    condition: 'backups',
    about: [{ kind: 'velero-object', name: `Schedule ${given.schedule}` }],
    objectiveOf: given.for,
    async observe({ target, step, project }): Promise<RecoveryPointsObservation> {
      const levelsOf = await promised(project);
      const { kubeconfigPath, veleroNamespace: namespace } = await target.place(sharedKubernetes);
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
        promised: levelsOf,
        population: 'counted: the Backup objects that Velero still has',
        ...seriesOf(points, Date.parse(at), undefined),
      };
    },
  };
}

interface Levels {
  readonly fresh?: string | undefined;
  readonly critical?: string | undefined;
  readonly for?: string | undefined;
  readonly lag: string;
  readonly successAbove: number;
}

const youngerThan = ({ fresh, for: contract }: Levels): string =>
  fresh === undefined ? `as fresh as contract ${contract} promises` : `younger than ${fresh}`;

type Promised = (project: PostureProject) => Promise<RecoveryPointsObservation['promised']>;

/** Returns the promised levels. Where a contract states them, they are read once the contracts are known. */
function promisedBy(given: Levels, thing: string): Promised {
  const { fresh, critical, for: contract, lag, successAbove } = given;
  const rest = { successAbovePercent: successAbove, lagWithinMs: parseDurationMs(lag, `${thing}, lag`) };
  if (contract !== undefined) {
    if (fresh !== undefined || critical !== undefined)
      throw wrongLevels(thing, '`for` stands beside `fresh` or `critical`');
    return async (project) => {
      const { freshness, rtoMs } = await contractFor(contract, project, thing);
      if (freshness === undefined) throw wrongLevels(thing, `contract "${contract}" promises no \`freshness\``);
      return { ...rest, freshWithinMs: freshness.belowMs, criticalAfterMs: freshness.criticalMs, rtoMs };
    };
  }
  if (fresh === undefined || critical === undefined) throw wrongLevels(thing, 'it lacks one of them');
  const freshWithinMs = parseDurationMs(fresh, `${thing}, fresh`);
  const criticalAfterMs = parseDurationMs(critical, `${thing}, critical`);
  if (freshWithinMs >= criticalAfterMs) {
    throw wrongLevels(thing, `\`fresh\` must be shorter than \`critical\`, but they are ${fresh} and ${critical}`);
  }
  return async () => ({ ...rest, freshWithinMs, criticalAfterMs });
}

const wrongLevels = (thing: string, observed: string) =>
  new ExplainedError({
    thing: `check of ${thing}`,
    expected: '`fresh` and a longer `critical`, or `for` with a contract that promises `freshness`',
    observed,
    nextStep: 'Correct them in the contract.',
  });

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
  backup: VeleroBackup,
  location: StorageLocation | null | undefined,
  target: Target,
  signal: AbortSignal,
): Promise<ObservedRecoveryPoint> {
  const { name, outcome, began, said } = backup;
  const point = { id: `Backup ${name}`, captureBegan: began, outcome };
  if (outcome !== 'succeeded' || location === null || location === undefined) return { ...point, durable: null, said };
  const folder = folderOfBackup(location, name);
  const keys = [`${folder}${name}.tar.gz`, `${folder}velero-backup.json`];
  const durable = await durableSince(await target.place(s3Store), location.bucket, keys, signal);
  if (durable === undefined) {
    return { ...point, durable: null, said: `${said}; and nothing lies in s3://${location.bucket}/${folder}` };
  }
  if (!(await isEmptyBackup(backup, location, await target.place(s3Store), signal))) return { ...point, durable, said };
  const nothing = `${said}; and nothing of the namespaces is in it`;
  return { ...point, outcome: 'failed', durable: null, said: nothing, problem: 'backup-empty' };
}
