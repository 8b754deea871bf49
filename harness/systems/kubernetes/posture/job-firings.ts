import { z } from 'zod';
import { KubernetesApi } from '../../../clients/kubernetes-api.ts';

/** A Job that a CronJob started on schedule. */
interface CronJobFiring {
  readonly name: string;
  /** Time at which it was due. */
  readonly dueAt: string;
  readonly outcome: 'succeeded' | 'failed' | 'running';
  readonly said: string;
}

/** A CronJob with its remaining Jobs. */
export interface CronJobFirings {
  readonly cron: string;
  readonly timeZone: string;
  readonly created: string;
  /** Time of its last firing; null if it never fired. */
  readonly lastFired: string | null;
  /** Maximum number of successful Jobs that it keeps. */
  readonly keepsSucceeded: number;
  readonly keepsFailed: number;
  readonly replacesRunning: boolean;
  /** True if its Jobs are removed some time after their end, regardless of the limits. */
  readonly expires: boolean;
  /** Sorted from the newest. */
  readonly firings: readonly CronJobFiring[];
}

/** Annotation since Kubernetes 1.27; before, the Job's name ends with the minute. */
const DUE = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
/** Annotation of a manually created Job: `kubectl create job --from=cronjob/…`. */
const BY_HAND = 'cronjob.kubernetes.io/instantiate';
// Kubernetes' defaults of these fields: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#jobs-history-limits
const KEEPS_SUCCEEDED = 3;
const KEEPS_FAILED = 1;

const limit = z.int().nonnegative().nullish();
const cronJobSchema = z.looseObject({
  metadata: z.looseObject({ uid: z.string(), creationTimestamp: z.string() }),
  spec: z.looseObject({
    schedule: z.string(),
    timeZone: z.string().nullish(),
    concurrencyPolicy: z.string().nullish(),
    successfulJobsHistoryLimit: limit,
    failedJobsHistoryLimit: limit,
    jobTemplate: z.looseObject({ spec: z.looseObject({ ttlSecondsAfterFinished: limit }).nullish() }).nullish(),
  }),
  status: z.looseObject({ lastScheduleTime: z.string().nullish() }).nullish(),
});
const jobSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    creationTimestamp: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
    ownerReferences: z.array(z.looseObject({ uid: z.string() })).default([]),
  }),
  status: z
    .looseObject({
      conditions: z
        .array(
          z.looseObject({
            type: z.string(),
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
          }),
        )
        .default([]),
    })
    .default({ conditions: [] }),
});
type Job = z.infer<typeof jobSchema>;

/** Returns a CronJob with its scheduled Jobs; undefined if there is no CronJob of that name. */
export async function findCronJobFirings(
  kubeconfigPath: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<CronJobFirings | null> {
  using api = new KubernetesApi(kubeconfigPath);
  const found = await api.findObject(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${name}`, signal);
  if (found === undefined) return null;
  const { metadata, spec, status } = cronJobSchema.parse(found);
  const firings: CronJobFiring[] = [];
  for await (const object of api.list(`/apis/batch/v1/namespaces/${namespace}/jobs`, signal)) {
    const job = jobSchema.parse(object);
    const isOwn = job.metadata.ownerReferences.some(({ uid }) => uid === metadata.uid);
    if (isOwn && job.metadata.annotations[BY_HAND] === undefined) firings.push(firingOf(job, name));
  }
  return {
    cron: spec.schedule,
    timeZone: spec.timeZone ?? 'UTC',
    created: new Date(metadata.creationTimestamp).toISOString(),
    lastFired: status?.lastScheduleTime == null ? null : new Date(status.lastScheduleTime).toISOString(),
    keepsSucceeded: spec.successfulJobsHistoryLimit ?? KEEPS_SUCCEEDED,
    keepsFailed: spec.failedJobsHistoryLimit ?? KEEPS_FAILED,
    replacesRunning: spec.concurrencyPolicy === 'Replace',
    expires: typeof spec.jobTemplate?.spec?.ttlSecondsAfterFinished === 'number',
    firings: firings.toSorted((one, other) => Date.parse(other.dueAt) - Date.parse(one.dueAt)),
  };
}

function firingOf({ metadata, status }: Job, cronJob: string): CronJobFiring {
  const { name, annotations, creationTimestamp } = metadata;
  const minutes = name.startsWith(`${cronJob}-`) ? Number(name.slice(cronJob.length + 1)) : Number.NaN;
  const named = Number.isInteger(minutes) ? new Date(minutes * 60_000).toISOString() : creationTimestamp;
  const holds = (type: string) => status.conditions.find((each) => each.type === type && each.status === 'True');
  const failure = holds('Failed') ?? holds('FailureTarget');
  const outcome = failure !== undefined ? 'failed' : holds('Complete') !== undefined ? 'succeeded' : 'running';
  const said = failure === undefined ? outcome : [failure.reason, failure.message].filter(Boolean).join(': ');
  return {
    name: `Job ${name}`,
    dueAt: new Date(annotations[DUE] ?? named).toISOString(),
    outcome,
    said: said === '' ? 'it failed' : said,
  };
}
