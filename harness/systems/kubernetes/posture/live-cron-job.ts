import { z } from 'zod';
import { KubernetesApi } from '../../../clients/kubernetes-api.ts';
import { cronJobIdle, cronJobRunFields, cronJobRunPolicy } from '../../../manifests/cron-job-runs.ts';
import type { LiveSchedule } from '../../../model/schedule.ts';

const cronJobSchema = z.looseObject({
  spec: z.looseObject({
    schedule: z.string(),
    timeZone: z.string().nullish(),
    suspend: z.boolean().nullish(),
    ...cronJobRunFields,
  }),
});

/** The schedule of a CronJob, or nothing when there is none of that name. Without a time zone it is the controller's own: UTC here. */
export async function findCronJob(
  kubeconfigPath: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<LiveSchedule | null> {
  using api = new KubernetesApi(kubeconfigPath);
  const found = await api.findObject(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${name}`, signal);
  if (found === undefined) return null;
  const { spec } = cronJobSchema.parse(found);
  return {
    cron: spec.schedule,
    timeZone: spec.timeZone ?? 'UTC',
    paused: spec.suspend ?? false,
    problem: cronJobIdle(spec) ?? null,
    runs: cronJobRunPolicy(spec),
  };
}
