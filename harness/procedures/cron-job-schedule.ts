import type { z } from 'zod';
import type { Schedule } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import { optionsMistake } from '../model/options-mistake.ts';
import { findCronJob } from './cron-job/find.ts';
import { cronJobOfManifests } from './cron-job/options.ts';

export type CronJobScheduleOptions = z.input<typeof cronJobOfManifests>;

/**
 * When a CronJob of somebody's manifests runs: for procedures that take a `schedule`, so that a promise is judged by what is deployed.
 * @throws {ExplainedError} for a wrong option, manifests without that CronJob, or one that is suspended.
 */
export function cronJobSchedule(options: CronJobScheduleOptions): Schedule {
  const parsed = cronJobOfManifests.safeParse(options);
  if (!parsed.success) {
    throw optionsMistake({ thing: 'cronJobSchedule(…)', schema: cronJobOfManifests, options, error: parsed.error });
  }
  const { manifests, name, namespace } = parsed.data;
  const { schedule, timeZone = 'UTC', suspend } = findCronJob(manifests, name, namespace).cronJob.spec;
  if (suspend) throw wrong(`CronJob ${name} in ${manifests}`, 'it is suspended (spec.suspend: true), so it never runs');
  if (schedule.includes('TZ')) {
    throw wrong(
      `CronJob ${name} in ${manifests}`,
      `its schedule "${schedule}" names a time zone, which Kubernetes refuses: that belongs into spec.timeZone`,
    );
  }
  return { cron: schedule, timeZone };
}

function wrong(thing: string, observed: string): ExplainedError {
  return new ExplainedError({
    thing,
    expected: 'the CronJob that runs it, such as { manifests: "ops/manifests", name: "bucket-copy" }',
    observed,
    nextStep: 'Correct the contract or the manifests.',
  });
}
