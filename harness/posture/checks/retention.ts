import { z } from 'zod';
import { thawMsOf } from '../../clients/storage-classes.ts';
import type { ObservedRecoveryPoint, PostureCheck, RetentionObservation } from '../../model/posture.ts';
import type { LiveSchedule } from '../../model/schedule.ts';
import { counted } from '../../model/text.ts';
import { parseDurationMs } from '../../model/units.ts';
import { nameSchema, parseOptions, prefixSchema } from '../../posture-kit/check-options.ts';
import { contractFor } from '../../posture-kit/objective.ts';
import { findCronJob } from '../../systems/kubernetes/posture/live-cron-job.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { listRecoveryPoints, readBucketSettings } from '../../systems/s3/bucket-reads.ts';
import { lifecycleOf, type PrefixLifecycle } from '../../systems/s3/lifecycle.ts';
import {
  archivedFromVelero,
  endedAtOnce,
  endedOnADate,
  endedTooEarly,
  type LifecycleProblem,
  noncurrentProblems,
  takenFromVelero,
} from '../../systems/s3/posture/lifecycle-problems.ts';
import { s3Store } from '../../systems/s3/service.ts';
import { listVeleroBackups } from '../../systems/velero/posture/objects.ts';
import { findStorageLocation, findVeleroSchedule } from '../../systems/velero/posture/schedules.ts';
import { veleroTtl } from '../../systems/velero/ttl.ts';
import { layoutOf, layoutOptions } from '../point-series.ts';

const keeps = z.int().positive();
const promised = {
  keeps,
  /** Maximum time of capture and upload: the next recovery point may be this late. */
  takes: z.string().optional(),
};
const bucketSchema = z.strictObject({
  bucket: z.string().min(1),
  prefix: prefixSchema,
  ...layoutOptions,
  /** The CronJob that makes them. */
  madeBy: z.strictObject({ namespace: nameSchema, name: nameSchema }),
  ...promised,
  /** The contract whose RTO applies where recovery points have to be thawed first. */
  for: nameSchema.optional(),
});
const veleroSchema = z.strictObject({ schedule: nameSchema, ...promised });
type RetentionOptions = z.input<typeof bucketSchema>;
type VeleroRetentionOptions = z.input<typeof veleroSchema>;

/** The live bucket's lifecycle keeps enough recovery points of a prefix, and removes the expired ones for good. */
export function retention(options: RetentionOptions): PostureCheck {
  const given = parseOptions('retention', bucketSchema, options);
  const { bucket, prefix, madeBy, keeps: keepsAtLeast, for: contract } = given;
  const what = `s3://${bucket}/${prefix}`;
  const takesMs = given.takes === undefined ? 0 : parseDurationMs(given.takes, `${what}, takes`);
  const layoutAt = layoutOf(given, what);
  return {
    name: `${prefix.slice(0, -1).replaceAll('/', '-')}-retention`,
    promise: `${what} keeps ${keepsAtLeast} recovery points and deletes the expired`,
    needs: ['s3', 'kubernetes'],
    about: [
      { kind: 'bucket', name: bucket },
      { kind: 'cron-job', name: `${madeBy.namespace}/${madeBy.name}` },
    ],
    objectiveOf: contract,
    async observe({ target, step, project }): Promise<RetentionObservation> {
      const { signal } = step;
      const rtoMs = contract === undefined ? null : (await contractFor(contract, project, what)).rtoMs;
      const { kubeconfigPath } = await target.place(sharedKubernetes);
      const at = step.clock.now().utc;
      const nowMs = Date.parse(at);
      const [live, schedule, { points, unread }] = await Promise.all([
        readBucketSettings(await target.place(s3Store), bucket, signal),
        findCronJob(kubeconfigPath, madeBy, signal),
        listRecoveryPoints(await target.place(s3Store), layoutAt(nowMs), nowMs, signal),
      ]);
      const lifecycle = lifecycleOf(prefix, live.settings.lifecycle);
      const thaw = thawOf(lifecycle, points, rtoMs);
      return {
        kind: 'retention',
        what,
        at,
        keepsAtLeast,
        schedule: timesOf(schedule),
        takesMs,
        keptMs: lifecycle.current?.afterMs ?? null,
        keptBy:
          lifecycle.current === null
            ? 'the lifecycle, which has no rule for it,'
            : `lifecycle ${lifecycle.current.rule}`,
        problems: [
          ...standstill(`CronJob ${madeBy.namespace}/${madeBy.name}`, schedule),
          ...endedAtOnce(what, lifecycle),
          ...endedOnADate(what, lifecycle, nowMs),
          ...endedTooEarly(what, lifecycle),
          ...noncurrentProblems(what, lifecycle, live),
        ],
        recoveryPoints: points.length,
        oldest: points.at(-1)?.captureBegan ?? null,
        ...(unread.count === 0 ? {} : { unread: { ...unread, examples: [...unread.examples] } }),
        ...(thaw === undefined ? {} : { thaw }),
        basis: 'analysis',
        notVerified: [
          'that S3 carries out the lifecycle: only objects that are older than it permits would show that it does not',
        ],
      };
    },
  };
}

/** The ttl of a live Velero Schedule keeps enough backups, and the bucket's lifecycle does not delete them first. */
export function veleroRetention(options: VeleroRetentionOptions): PostureCheck {
  const { schedule: name, keeps: keepsAtLeast, takes } = parseOptions('veleroRetention', veleroSchema, options);
  const what = `Velero Schedule ${name}`;
  const takesMs = takes === undefined ? 0 : parseDurationMs(takes, `${what}, takes`);
  return {
    name: `velero-${name}-retention`,
    promise: `${what} keeps ${counted(keepsAtLeast, 'backup')} and deletes the expired`,
    needs: ['s3', 'kubernetes', 'velero'],
    about: [{ kind: 'velero-object', name: `Schedule ${name}` }],
    async observe({ target, step }): Promise<RetentionObservation> {
      const { signal } = step;
      const { kubeconfigPath, veleroNamespace: namespace } = await target.place(sharedKubernetes);
      const at = step.clock.now().utc;
      const schedule = await findVeleroSchedule(kubeconfigPath, { namespace, name }, signal);
      const backups = await listVeleroBackups(kubeconfigPath, { namespace, schedule: name }, signal);
      const { keptMs, problem, assumedDefault } = veleroTtl(schedule?.ttl);
      const location =
        schedule === null
          ? null
          : await findStorageLocation(kubeconfigPath, { namespace, name: schedule.storageLocation }, signal);
      const problems: RetentionObservation['problems'] = [
        ...standstill(what, schedule),
        ...(problem === undefined ? [] : [`${what}: ${problem}`]),
      ];
      if (location !== null) {
        const live = await readBucketSettings(await target.place(s3Store), location.bucket, signal);
        const prefix = location.prefix === '' ? '' : `${location.prefix}/`;
        const lifecycle = lifecycleOf(prefix, live.settings.lifecycle);
        const where = `s3://${location.bucket}/${prefix}`;
        problems.push(
          ...endedOnADate(where, lifecycle, Date.parse(at)),
          ...takenFromVelero(where, lifecycle),
          ...archivedFromVelero(where, lifecycle),
          ...noncurrentProblems(where, lifecycle, live),
        );
      }
      return {
        kind: 'retention',
        what,
        at,
        keepsAtLeast,
        schedule: timesOf(schedule),
        takesMs,
        keptMs,
        keptBy: `the ttl of ${what}`,
        problems,
        recoveryPoints: backups.length,
        oldest: backups.at(-1)?.began ?? null,
        basis: 'analysis',
        notVerified: assumedDefault
          ? [
              "that Velero's server keeps its own default of 30 days (its flag --default-backup-ttl), which this Schedule relies on",
            ]
          : [],
      };
    },
  };
}

function timesOf(schedule: LiveSchedule | null): RetentionObservation['schedule'] {
  if (schedule === null) return null;
  const { cron, timeZone, runs } = schedule;
  return { cron, timeZone, ...(runs === undefined ? {} : { runs }) };
}

/** Returns the problem of a schedule that makes no new recovery points while the existing ones expire. */
function standstill(what: string, schedule: LiveSchedule | null): LifecycleProblem[] {
  if (schedule === null) return [];
  const nothingFollows = 'the existing recovery points expire, and no new ones follow';
  if (schedule.paused) {
    return [{ text: `${what} is paused: ${nothingFollows}. Resume it`, cause: 'schedule-paused' }];
  }
  if (schedule.problem === null) return [];
  const text = `${what} takes no backup, because ${schedule.problem}: ${nothingFollows}. Correct it`;
  return [{ text, cause: 'schedule-takes-no-backup' }];
}

/** Objects already in an archive class prove more than the rule that moves them there. */
function thawOf(
  { archiving, current }: PrefixLifecycle,
  points: readonly ObservedRecoveryPoint[],
  rtoMs: number | null,
): RetentionObservation['thaw'] {
  const [newest] = points;
  const seen = newest?.storageClass;
  if (newest !== undefined && seen !== undefined) {
    return {
      storageClass: seen,
      afterMs: 0,
      by: `the backup (${newest.id} lies there)`,
      takesMs: thawMsOf(seen) ?? 0,
      rtoMs,
    };
  }
  if (archiving === null || (current !== null && current.afterMs <= archiving.afterMs)) return undefined;
  const { storageClass, afterMs, rule, thawMs } = archiving;
  return { storageClass, afterMs, by: `lifecycle ${rule}`, takesMs: thawMs, rtoMs };
}
