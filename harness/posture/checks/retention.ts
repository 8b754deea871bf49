import { z } from 'zod';
import { veleroTtl } from '../../manifests/velero-ttl.ts';
import type { PostureCheck, RetentionObservation } from '../../model/posture.ts';
import {
  findCronJob,
  findStorageLocation,
  findVeleroSchedule,
} from '../../systems/kubernetes/posture/live-schedules.ts';
import { listVeleroBackups } from '../../systems/kubernetes/posture/velero-backups.ts';
import { lifecycleOf } from '../../systems/s3/lifecycle.ts';
import { listRecoveryPoints, readBucketSettings } from '../bucket-reads.ts';
import { nameSchema, parseOptions, prefixSchema } from '../documents.ts';
import { endedTooEarly, noncurrentProblems, takenFromVelero } from './lifecycle-problems.ts';

const keeps = z.int().positive();
const bucketSchema = z.strictObject({
  bucket: z.string().min(1),
  prefix: prefixSchema,
  /** Files that make a recovery point whole. */
  holds: z.array(z.string().min(1)).min(1),
  /** The CronJob that makes them. */
  madeBy: z.strictObject({ namespace: nameSchema, name: nameSchema }),
  keeps,
});
const veleroSchema = z.strictObject({ schedule: nameSchema, keeps });
export type RetentionOptions = z.input<typeof bucketSchema>;
export type VeleroRetentionOptions = z.input<typeof veleroSchema>;

/** The live bucket's lifecycle keeps enough recovery points of a prefix, and ends the expired for good. */
export function retention(options: RetentionOptions): PostureCheck {
  const { bucket, prefix, holds, madeBy, keeps: keepsAtLeast } = parseOptions('retention', bucketSchema, options);
  const what = `s3://${bucket}/${prefix}`;
  return {
    name: `${prefix.slice(0, -1).replaceAll('/', '-')}-retention`,
    promise: `${what} keeps ${keepsAtLeast} recovery points and deletes the expired`,
    needs: ['s3', 'kubernetes'],
    async observe({ target, step }): Promise<RetentionObservation> {
      const { signal } = step;
      const { kubeconfigPath } = await target.sharedKubernetes();
      const at = step.clock.now().utc;
      const [live, schedule, points] = await Promise.all([
        readBucketSettings(target.s3, bucket, signal),
        findCronJob(kubeconfigPath, madeBy, signal),
        listRecoveryPoints(target.s3, { bucket, prefix, holds }, Date.parse(at), signal),
      ]);
      const lifecycle = lifecycleOf(prefix, live.settings.lifecycle);
      return {
        kind: 'retention',
        what,
        at,
        keepsAtLeast,
        schedule: schedule === null ? null : { cron: schedule.cron, timeZone: schedule.timeZone },
        keptMs: lifecycle.current?.afterMs ?? null,
        keptBy:
          lifecycle.current === null
            ? 'the lifecycle, which has no rule for it,'
            : `lifecycle ${lifecycle.current.rule}`,
        problems: [...endedTooEarly(what, lifecycle), ...noncurrentProblems(what, lifecycle, live)],
        recoveryPoints: points.length,
        oldest: points.at(-1)?.captureBegan ?? null,
        notVerified: ['that S3 carries the lifecycle out: only what is older than it may be would show'],
      };
    },
  };
}

/** The ttl of a live Velero Schedule keeps enough backups, and the bucket's lifecycle does not take them away from Velero. */
export function veleroRetention(options: VeleroRetentionOptions): PostureCheck {
  const { schedule: name, keeps: keepsAtLeast } = parseOptions('veleroRetention', veleroSchema, options);
  const what = `Velero Schedule ${name}`;
  return {
    name: `velero-${name}-retention`,
    promise: `${what} keeps ${keepsAtLeast} backups and deletes the expired`,
    needs: ['s3', 'kubernetes', 'velero'],
    async observe({ target, step }): Promise<RetentionObservation> {
      const { signal } = step;
      const { kubeconfigPath, veleroNamespace: namespace } = await target.sharedKubernetes();
      const schedule = await findVeleroSchedule(kubeconfigPath, { namespace, name }, signal);
      const backups = await listVeleroBackups(kubeconfigPath, { namespace, schedule: name }, signal);
      const { keptMs, problem, assumedDefault } = veleroTtl(schedule?.ttl);
      const location =
        schedule === null
          ? null
          : await findStorageLocation(kubeconfigPath, { namespace, name: schedule.storageLocation }, signal);
      const problems = problem === undefined ? [] : [`${what}: ${problem}`];
      if (location !== null) {
        const live = await readBucketSettings(target.s3, location.bucket, signal);
        const prefix = location.prefix === '' ? '' : `${location.prefix}/`;
        const lifecycle = lifecycleOf(prefix, live.settings.lifecycle);
        const where = `s3://${location.bucket}/${prefix}`;
        problems.push(...takenFromVelero(where, lifecycle), ...noncurrentProblems(where, lifecycle, live));
      }
      return {
        kind: 'retention',
        what,
        at: step.clock.now().utc,
        keepsAtLeast,
        schedule: schedule === null ? null : { cron: schedule.cron, timeZone: schedule.timeZone },
        keptMs,
        keptBy: `the ttl of ${what}`,
        problems,
        recoveryPoints: backups.length,
        oldest: backups.at(-1)?.began ?? null,
        notVerified: assumedDefault
          ? [
              "that Velero's server keeps its own default of 30 days (its flag --default-backup-ttl), which this Schedule relies on",
            ]
          : [],
      };
    },
  };
}
