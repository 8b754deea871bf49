import { z } from 'zod';
import type { IdleSchedule, RunPolicy } from '../model/schedule.ts';
import { issuesInWords } from '../model/text.ts';

// The fields of a batch/v1 CronJob that decide whether and how long its runs run.
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/

const count = z.int().nonnegative().nullish();
const podDeadline = z.looseObject({ spec: z.looseObject({ activeDeadlineSeconds: count }).nullish() });
const jobSpec = z.looseObject({
  activeDeadlineSeconds: count,
  backoffLimit: count,
  parallelism: count,
  completions: count,
  suspend: z.boolean().nullish(),
  template: podDeadline.nullish(),
});

/** Read beside the schedule of `spec`; null and absent are the same to Kubernetes. */
export const cronJobRunFields = {
  concurrencyPolicy: z.string().nullish(),
  startingDeadlineSeconds: z.int().nullish(),
  jobTemplate: z.looseObject({ spec: jobSpec.nullish() }).nullish(),
};
const runFields = z.looseObject({
  schedule: z.string(),
  timeZone: z.string().nullish(),
  suspend: z.boolean().nullish(),
  ...cronJobRunFields,
});

/** What Kubernetes does with the runs of a CronJob, from its `spec`. */
export function cronJobRunPolicy(spec: unknown): RunPolicy {
  const read = runFields.safeParse(spec);
  // Of what Kubernetes refuses, nothing runs: cronJobRefusal says so.
  if (!read.success) return { concurrency: 'Allow' };
  const { concurrencyPolicy, startingDeadlineSeconds, jobTemplate } = read.data;
  const job = jobTemplate?.spec;
  const deadlines = [
    { seconds: job?.activeDeadlineSeconds, field: 'spec.jobTemplate.spec.activeDeadlineSeconds' },
    {
      seconds: job?.template?.spec?.activeDeadlineSeconds,
      field: 'spec.jobTemplate.spec.template.spec.activeDeadlineSeconds',
    },
  ].flatMap(({ seconds, field }) => (typeof seconds === 'number' ? [{ seconds, field }] : []));
  const [deadline] = deadlines.toSorted((one, other) => one.seconds - other.seconds);
  const retries = job?.backoffLimit;
  return {
    concurrency: concurrencyPolicy === 'Forbid' || concurrencyPolicy === 'Replace' ? concurrencyPolicy : 'Allow',
    ...(deadline === undefined ? {} : { deadlineMs: deadline.seconds * 1_000, deadlineField: deadline.field }),
    ...(typeof startingDeadlineSeconds === 'number' ? { startDeadlineMs: startingDeadlineSeconds * 1_000 } : {}),
    ...(typeof retries === 'number' ? { retries } : {}),
  };
}

/**
 * Why the runs of a live CronJob never take a backup, although its schedule fires: the field, what it says and what it means.
 * Undefined when nothing speaks against it.
 */
export function cronJobIdle(spec: unknown): string | undefined {
  const read = runFields.safeParse(spec);
  if (!read.success) return undefined;
  const { jobTemplate, startingDeadlineSeconds } = read.data;
  const job = jobTemplate?.spec;
  if (job?.suspend === true) return 'spec.jobTemplate.spec.suspend is true, so each Job that it makes waits for ever';
  if (job?.parallelism === 0) return 'spec.jobTemplate.spec.parallelism is 0, so no Job that it makes starts a pod';
  if (job?.completions === 0) {
    return 'spec.jobTemplate.spec.completions is 0, so each Job that it makes is complete before a pod starts';
  }
  if (typeof startingDeadlineSeconds === 'number' && startingDeadlineSeconds <= 0) {
    return `spec.startingDeadlineSeconds is ${startingDeadlineSeconds}, so every start is too late`;
  }
  return undefined;
}

/** Why a CronJob with such a `spec` in a manifest takes no backup once it is applied: suspended, refused, or without a pod. */
export function cronJobRefusal(spec: unknown): IdleSchedule | undefined {
  const read = runFields.safeParse(spec);
  if (!read.success) {
    return refused(issuesInWords(read.error, 1, ['spec']));
  }
  const { schedule, timeZone, suspend, concurrencyPolicy } = read.data;
  if (suspend === true) return { reason: 'it is suspended (spec.suspend: true)', cause: 'schedule-paused' };
  // k8s.io/kubernetes pkg/apis/batch/validation: validateCronJobSpec, validateTimeZone.
  if (schedule.includes('TZ')) {
    return refused(`spec.schedule "${schedule}" names a time zone, which belongs into spec.timeZone`);
  }
  if (timeZone === '' || timeZone?.toLowerCase() === 'local') return refused(`spec.timeZone is "${timeZone}"`);
  if (typeof concurrencyPolicy === 'string' && !['Allow', 'Forbid', 'Replace', ''].includes(concurrencyPolicy)) {
    return refused(`spec.concurrencyPolicy is "${concurrencyPolicy}"`);
  }
  const idle = cronJobIdle(spec);
  return idle === undefined ? undefined : { reason: idle, cause: 'schedule-takes-no-backup' };
}

/** A Job is named after its CronJob, with eleven characters behind (k8s.io/kubernetes pkg/apis/batch/validation). */
export function cronJobNameRefusal(name: string): IdleSchedule | undefined {
  return name.length > 52 ? refused(`metadata.name has ${name.length} characters, more than 52`) : undefined;
}

const refused = (what: string): IdleSchedule => ({
  reason: `${what}, and Kubernetes refuses the object`,
  cause: 'schedule-rejected',
});
