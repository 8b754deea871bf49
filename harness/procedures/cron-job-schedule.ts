import type { z } from 'zod';
import { cronJobNameRefusal, cronJobRefusal, cronJobRunPolicy } from '../manifests/cron-job-runs.ts';
import { requireThere } from '../manifests/sources.ts';
import { parsedOptions } from '../model/options-mistake.ts';
import type { HeldSchedule } from '../model/schedule.ts';
import { type FoundCronJob, findCronJob } from './cron-job/find.ts';
import { type CronJobOfManifests, cronJobOfManifests } from './cron-job/options.ts';

export type CronJobScheduleOptions = z.input<typeof cronJobOfManifests>;

/**
 * When a CronJob of somebody's manifests runs: for procedures that take a `schedule`, so that a promise is judged by what is deployed.
 * One that is suspended, or that Kubernetes refuses, takes no backup: whatever is protected by it is `breached`. The manifests are
 * rendered when a run is prepared.
 * @throws {ExplainedError} for a wrong option.
 */
export function cronJobSchedule(options: CronJobScheduleOptions): HeldSchedule {
  return unreadSchedule(parsedOptions('cronJobSchedule(…)', cronJobOfManifests, options));
}

/** The schedule of a CronJob before its manifests are rendered. @throws {ContractMistakeError} for manifests that are not there. */
export function unreadSchedule({ manifests, name, namespace }: CronJobOfManifests): HeldSchedule {
  requireThere(manifests);
  const wanted = { manifests, name, namespace };
  return {
    cron: '',
    timeZone: 'UTC',
    heldBy: `CronJob ${namespace === undefined ? '' : `${namespace}/`}${name} in ${manifests}`,
    read: async (render) => scheduleOfCronJob(findCronJob(await render(manifests), wanted), manifests),
  };
}

/** The schedule with what the CronJob says of its runs, and why it takes no backup where that is so. */
export function scheduleOfCronJob({ cronJob, manifest, namespace }: FoundCronJob, manifests: string): HeldSchedule {
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
