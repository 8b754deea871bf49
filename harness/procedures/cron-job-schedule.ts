import type { z } from 'zod';
import { cronJobNameRefusal, cronJobRefusal, cronJobRunPolicy } from '../manifests/cron-job-runs.ts';
import type { Schedule } from '../model/contract.ts';
import { parsedOptions } from '../model/options-mistake.ts';
import { type FoundCronJob, findCronJob } from './cron-job/find.ts';
import { cronJobOfManifests } from './cron-job/options.ts';

export type CronJobScheduleOptions = z.input<typeof cronJobOfManifests>;

/**
 * When a CronJob of somebody's manifests runs: for procedures that take a `schedule`, so that a promise is judged by what is deployed.
 * One that is suspended, or that Kubernetes refuses, takes no backup: whatever is protected by it is `breached`.
 * @throws {ExplainedError} for a wrong option, or manifests without that CronJob.
 */
export function cronJobSchedule(options: CronJobScheduleOptions): Schedule {
  const { manifests, name, namespace } = parsedOptions('cronJobSchedule(…)', cronJobOfManifests, options);
  return scheduleOfCronJob(findCronJob(manifests, name, namespace), manifests);
}

/** The schedule with what the CronJob says of its runs, and why it takes no backup where that is so. */
export function scheduleOfCronJob({ cronJob, manifest, namespace }: FoundCronJob, manifests: string): Schedule {
  const { schedule, timeZone } = cronJob.spec;
  const { name } = cronJob.metadata;
  const idle = cronJobNameRefusal(name) ?? cronJobRefusal(manifest.spec);
  return {
    cron: schedule,
    timeZone: timeZone ?? 'UTC',
    heldBy: `CronJob ${namespace}/${name} in ${manifests}`,
    ...(idle === undefined ? {} : { idle }),
    runs: cronJobRunPolicy(manifest.spec),
  };
}
