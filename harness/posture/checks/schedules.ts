import { z } from 'zod';
import type { Contract } from '../../model/contract.ts';
import { ExplainedError } from '../../model/errors.ts';
import type {
  PlatformPart,
  PostureCheck,
  PostureContext,
  PostureProject,
  ScheduleObservation,
} from '../../model/posture.ts';
import type { LiveSchedule } from '../../model/schedule.ts';
import type { Target } from '../../model/target.ts';
import { parseDurationMs } from '../../model/units.ts';
import { nameSchema, parseOptions } from '../../posture-kit/check-options.ts';
import { contractFor } from '../../posture-kit/objective.ts';
import { findCronJob } from '../../systems/kubernetes/posture/live-cron-job.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { s3Store } from '../../systems/s3/service.ts';
import { isEmptyBackup } from '../../systems/velero/posture/empty-backup.ts';
import { listVeleroBackups } from '../../systems/velero/posture/objects.ts';
import { findStorageLocation, findVeleroSchedule } from '../../systems/velero/posture/schedules.ts';

const promised = {
  /** RPO that this schedule serves. */
  rpo: z.string().optional(),
  /** The contract whose RPO it is, instead of `rpo`. */
  for: nameSchema.optional(),
  /** Maximum time of capture and upload, which is part of the exposure. */
  takes: z.string().optional(),
};
const cronJobSchema = z.strictObject({ namespace: nameSchema, name: nameSchema, ...promised });
const veleroSchema = z.strictObject({ name: nameSchema, ...promised });
export type CronJobScheduleOptions = z.input<typeof cronJobSchema>;
export type VeleroScheduleCheckOptions = z.input<typeof veleroSchema>;

/** A live CronJob exists, is not suspended, and runs often enough for its RPO. */
export function cronJobRuns(options: CronJobScheduleOptions): PostureCheck {
  const { namespace, name, ...given } = parseOptions('cronJobRuns', cronJobSchema, options);
  return scheduleCheck(
    `CronJob ${namespace}/${name}`,
    `cronjob-${name}-runs`,
    { kind: 'cron-job', name: `${namespace}/${name}` },
    given,
    ['kubernetes'],
    (kubeconfig, signal) => findCronJob(kubeconfig, { namespace, name }, signal),
  );
}

/** A live Velero Schedule exists, is not paused, is accepted, has a usable storage location, and runs often enough for its RPO. */
export function veleroScheduleRuns(options: VeleroScheduleCheckOptions): PostureCheck {
  const { name, ...given } = parseOptions('veleroScheduleRuns', veleroSchema, options);
  return scheduleCheck(
    `Velero Schedule ${name}`,
    `velero-schedule-${name}-runs`,
    { kind: 'velero-object', name: `Schedule ${name}` },
    given,
    ['kubernetes', 'velero', 's3'],
    async (kubeconfig, signal, namespace, target) => {
      const found = await findVeleroSchedule(kubeconfig, { namespace, name }, signal);
      if (found === null || found.problem !== null) return found;
      return { ...found, problem: await emptyNewest(kubeconfig, { namespace, schedule: name }, target, signal) };
    },
  );
}

/** Returns the problem if the newest completed backup is empty: the Schedule selects nothing. */
async function emptyNewest(
  kubeconfigPath: string,
  of: { readonly namespace: string; readonly schedule: string },
  target: Target,
  signal: AbortSignal,
): Promise<string | null> {
  const [newest] = (await listVeleroBackups(kubeconfigPath, of, signal)).filter(
    ({ outcome }) => outcome === 'succeeded',
  );
  if (newest === undefined) return null;
  const { namespace } = of;
  const location = await findStorageLocation(kubeconfigPath, { namespace, name: newest.storageLocation }, signal);
  if (!(await isEmptyBackup(newest, location, await target.place(s3Store), signal))) return null;
  return `nothing of the namespaces is in its newest backup ${newest.name}, which is Completed: the includes, excludes and selectors of its template leave nothing`;
}

interface Given {
  readonly rpo?: string | undefined;
  readonly for?: string | undefined;
  readonly takes?: string | undefined;
}

function scheduleCheck(
  what: string,
  name: string,
  part: PlatformPart,
  given: Given,
  needs: PostureCheck['needs'],
  find: (
    kubeconfigPath: string,
    signal: AbortSignal,
    veleroNamespace: string,
    target: Target,
  ) => Promise<(LiveSchedule & { readonly storageLocation?: string }) | null>,
): PostureCheck {
  const rpoMsIn = rpoOf(given, what);
  const takesMs = given.takes === undefined ? 0 : parseDurationMs(given.takes, `${what}, takes`);
  return {
    name,
    promise: `${what} runs often enough for ${given.rpo === undefined ? `the RPO of contract ${given.for}` : `an RPO of ${given.rpo}`}`,
    needs,
    condition: 'backups',
    about: [part],
    objectiveOf: given.for,
    objective: 'rpo',
    async observe({ target, step, project }: PostureContext): Promise<ScheduleObservation> {
      const rpoMs = await rpoMsIn(project);
      const { kubeconfigPath, veleroNamespace } = await target.place(sharedKubernetes);
      const found = await find(kubeconfigPath, step.signal, veleroNamespace, target);
      const at = step.clock.now().utc;
      const observed = { kind: 'schedule' as const, what, at, rpoMs, takesMs, basis: 'analysis' as const };
      if (found === null) return { ...observed, found };
      const { cron, timeZone, paused, problem, runs, storageLocation } = found;
      const known = {
        ...(runs === undefined ? {} : { runs }),
        ...(storageLocation === undefined ? {} : { storageLocation }),
      };
      return { ...observed, found: { cron, timeZone, paused, problem, ...known } };
    },
  };
}

function promisedRpo({ name, rpoMs }: Contract, what: string): number {
  if (rpoMs !== null) return rpoMs;
  throw new ExplainedError({
    thing: `check of ${what}`,
    expected: 'a contract with an RPO in `for`',
    observed: `contract "${name}" says \`rpo: 'none'\``,
    nextStep: 'Write `rpo` instead of `for`, or name another contract.',
  });
}

/** Returns the RPO from the options, or from a contract, which is known only when the check runs. */
function rpoOf({ rpo, for: contract }: Given, what: string): (project: PostureProject) => Promise<number> {
  if (rpo !== undefined && contract === undefined) {
    const rpoMs = parseDurationMs(rpo, `${what}, rpo`);
    return async () => rpoMs;
  }
  if (rpo === undefined && contract !== undefined) {
    return async (project) => promisedRpo(await contractFor(contract, project, what), what);
  }
  throw new ExplainedError({
    thing: `check of ${what}`,
    expected: 'either `rpo`, or `for` with the name of the contract whose RPO it is',
    observed: rpo === undefined ? 'it has neither' : 'it has both',
    nextStep: 'Write one of them.',
  });
}
