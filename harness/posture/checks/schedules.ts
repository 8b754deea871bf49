import { z } from 'zod';
import type { PostureCheck, PostureContext, ScheduleObservation } from '../../model/posture.ts';
import { parseDurationMs } from '../../model/units.ts';
import { findCronJob, findVeleroSchedule, type LiveSchedule } from '../../systems/kubernetes/posture/live-schedules.ts';
import { nameSchema, parseOptions } from '../documents.ts';

const promised = {
  /** The RPO that this schedule carries. */
  rpo: z.string(),
  /** What capture and upload may take: part of the exposure. */
  takes: z.string().optional(),
};
const cronJobSchema = z.strictObject({ namespace: nameSchema, name: nameSchema, ...promised });
const veleroSchema = z.strictObject({ name: nameSchema, ...promised });
export type CronJobScheduleOptions = z.input<typeof cronJobSchema>;
export type VeleroScheduleCheckOptions = z.input<typeof veleroSchema>;

/** A live CronJob is there, is not suspended, and runs often enough for its RPO. */
export function cronJobRuns(options: CronJobScheduleOptions): PostureCheck {
  const { namespace, name, rpo, takes } = parseOptions('cronJobRuns', cronJobSchema, options);
  return scheduleCheck(
    `CronJob ${namespace}/${name}`,
    `cronjob-${name}-runs`,
    { rpo, takes },
    ['kubernetes'],
    (kubeconfig, signal) => findCronJob(kubeconfig, { namespace, name }, signal),
  );
}

/** A live Velero Schedule is there, not paused, accepted, has a usable storage location, and runs often enough for its RPO. */
export function veleroScheduleRuns(options: VeleroScheduleCheckOptions): PostureCheck {
  const { name, rpo, takes } = parseOptions('veleroScheduleRuns', veleroSchema, options);
  return scheduleCheck(
    `Velero Schedule ${name}`,
    `velero-schedule-${name}-runs`,
    { rpo, takes },
    ['kubernetes', 'velero'],
    (kubeconfig, signal, namespace) => findVeleroSchedule(kubeconfig, { namespace, name }, signal),
  );
}

function scheduleCheck(
  what: string,
  name: string,
  given: { readonly rpo: string; readonly takes: string | undefined },
  needs: PostureCheck['needs'],
  find: (kubeconfigPath: string, signal: AbortSignal, veleroNamespace: string) => Promise<LiveSchedule | null>,
): PostureCheck {
  const rpoMs = parseDurationMs(given.rpo, `${what}, rpo`);
  const takesMs = given.takes === undefined ? 0 : parseDurationMs(given.takes, `${what}, takes`);
  return {
    name,
    promise: `${what} runs often enough for an RPO of ${given.rpo}`,
    needs,
    async observe({ target, step }: PostureContext): Promise<ScheduleObservation> {
      const { kubeconfigPath, veleroNamespace } = await target.sharedKubernetes();
      const found = await find(kubeconfigPath, step.signal, veleroNamespace);
      const at = step.clock.now().utc;
      const observed = { kind: 'schedule' as const, what, at, rpoMs, takesMs, basis: 'analysis' as const };
      if (found === null) return { ...observed, found };
      const { cron, timeZone, paused, problem, runs } = found;
      return { ...observed, found: { cron, timeZone, paused, problem, ...(runs === undefined ? {} : { runs }) } };
    },
  };
}
