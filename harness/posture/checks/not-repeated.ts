import { z } from 'zod';
import { comparisonOf } from '../../model/comparison.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { PostureCheck, PostureContext, PostureProject, UndecidedItem } from '../../model/posture.ts';
import type { Capability } from '../../model/service.ts';
import type { Step } from '../../model/step.ts';
import { counted } from '../../model/text.ts';
import { parseDurationMs } from '../../model/units.ts';
import { nameSchema, parseOptions } from '../../posture-kit/check-options.ts';
import { type CronJobFirings, findCronJobFirings } from '../../systems/kubernetes/posture/job-firings.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { listVeleroBackups } from '../../systems/velero/posture/objects.ts';
import { findVeleroSchedule } from '../../systems/velero/posture/schedules.ts';
import {
  type FailedFirings,
  type FiringLimits,
  type JobFirings,
  judgeFirings,
  lastFirings,
} from '../../verdict/firings.ts';
import { type Repetition, RepetitionFinder, type RepetitionLimits } from '../../verdict/repetition.ts';

const cronJobSchema = z.strictObject({ namespace: nameSchema, name: nameSchema });
const schema = z
  .strictObject({
    /** A promise may not be unproven or breached in this many consecutive runs of the ledger. */
    runs: z.int().min(2).default(3),
    /** Maximum time for which a posture check may stay unproven or breached. */
    findingFor: z.string().default('7d'),
    /** Number of last firings to judge. */
    firings: z.int().min(1).default(10),
    /** A job may not fail in this many of them. */
    failedFirings: z.int().min(1).default(2),
    cronJobs: z.array(cronJobSchema).default([]),
    /** Names of Velero Schedules. */
    veleroSchedules: z.array(nameSchema).default([]),
  })
  .refine(({ firings, failedFirings }) => failedFirings <= firings, {
    path: ['failedFirings'],
    message: 'must not be more than `firings`',
  });
export type NotRepeatedOptions = z.input<typeof schema>;

/** Nothing fails repeatedly: no promise in the runs of the ledger, no posture check for days, no job in its last firings. */
export function notRepeated(options: NotRepeatedOptions = {}): PostureCheck {
  const { runs, findingFor, cronJobs, veleroSchedules, ...firings } = parseOptions('notRepeated', schema, options);
  const limits = { runs, findingForMs: parseDurationMs(findingFor, 'notRepeated, findingFor') };
  const hasJobs = cronJobs.length + veleroSchedules.length > 0;
  const ofJobs = hasJobs ? `, no job in ${firings.failedFirings} of its last ${firings.firings} firings` : '';
  return {
    name: 'not-repeated',
    promise: `No promise fails in ${runs} runs in a row, no posture check for longer than ${findingFor}${ofJobs}`,
    condition: 'repetition',
    needs: needsOf(cronJobs.length > 0, veleroSchedules.length > 0),
    async observe({ target, step, project }) {
      const ledger = await readLedger(project, limits, step);
      const jobs: (JobFirings | UndecidedItem)[] = [];
      if (hasJobs) {
        const { kubeconfigPath, veleroNamespace } = await target.place(sharedKubernetes);
        for (const cronJob of cronJobs) jobs.push(await cronJobFirings(kubeconfigPath, cronJob, firings, step));
        for (const name of veleroSchedules) {
          jobs.push(await backupsOf(kubeconfigPath, { namespace: veleroNamespace, name }, firings, step));
        }
      }
      const judged = jobs.map((job) => ('item' in job ? notFound(job) : judgeFirings(job, firings)));
      return comparisonOf({
        of: ledger.isEmpty && hasJobs ? 'jobs' : hasJobs ? 'promises and jobs' : 'promises',
        // An empty ledger compares no promise.
        compared: ledger.isEmpty && hasJobs ? jobs.length : ledger.compared + jobs.length,
        nothingYet: ledger.isEmpty && !hasJobs ? EMPTY : undefined,
        differences: [...ledger.differences, ...judged.flatMap(({ differences }) => differences)],
        undecided: [...ledger.undecided, ...judged.flatMap(({ undecided }) => undecided)],
        notVerified: [...ledger.notVerified, ...judged.flatMap(({ notVerified }) => notVerified)],
        evidence: { ledger: ledger.read, ...Object.fromEntries(jobs.flatMap(evidenceOf)) },
      });
    },
  };
}

/** Says only what the ledger knows; runs in another ledger stay unknown. */
const EMPTY =
  'the ledger holds no run before this one, so nothing was repeated in it; runs that use another ledger are unknown';

const needsOf = (hasCronJobs: boolean, hasSchedules: boolean): readonly Capability[] =>
  hasSchedules ? ['kubernetes', 'velero'] : hasCronJobs ? ['kubernetes'] : [];

async function readLedger(
  { readPastRuns }: PostureProject,
  limits: RepetitionLimits,
  { clock, signal }: PostureContext['step'],
): Promise<Repetition> {
  if (readPastRuns === undefined) {
    throw new ExplainedError({
      thing: 'notRepeated({ … })',
      expected: 'a ledger of earlier runs',
      observed: 'this run keeps none',
      nextStep: 'Run `npx dr-contracts drill`, which keeps one.',
    });
  }
  const finder = new RepetitionFinder(limits, clock.now().utc);
  const { isCut } = await readPastRuns((run, isThisRun) => finder.add(run, isThisRun), signal);
  return finder.result(isCut);
}

async function cronJobFirings(
  kubeconfigPath: string,
  cronJob: z.output<typeof cronJobSchema>,
  limits: FiringLimits,
  step: Step,
): Promise<JobFirings | UndecidedItem> {
  const what = `CronJob ${cronJob.namespace}/${cronJob.name}`;
  const found = await findCronJobFirings(kubeconfigPath, cronJob, step.signal);
  if (found === null) return { item: what, reason: 'there is no CronJob of that name', cause: 'schedule-missing' };
  return firingsOfCronJob(what, found, limits);
}

/** Returns the last firings of a CronJob: those due since its creation, with the Jobs that remain of them. */
function firingsOfCronJob(what: string, found: CronJobFirings, limits: FiringLimits): JobFirings {
  const { cron, timeZone, created, lastFired, keepsSucceeded, keepsFailed, firings } = found;
  const newest = firings[0]?.dueAt ?? lastFired;
  const until = newest === null ? undefined : new Date(Math.max(Date.parse(newest), Date.parse(lastFired ?? newest)));
  const due = until === undefined ? [] : lastFirings({ cron, timeZone }, until, new Date(created), limits.firings);
  const firstMs = due[0] ?? 0;
  const known = firings.filter(({ dueAt }) => Date.parse(dueAt) >= firstMs).slice(0, limits.firings);
  return {
    what,
    known: known.map(({ dueAt: at, ...firing }) => ({ ...firing, at })),
    unknown: Math.max(0, due.length - known.length),
    kept: `their Jobs are gone: it keeps ${keepsSucceeded} that succeeded and ${keepsFailed} that failed`,
    hidesFailures: whatHides(found, limits),
  };
}

/** Returns why failed Jobs may be hidden. Newer failed Jobs replace older ones; otherwise only the reasons below remove a failed Job. */
function whatHides(
  { keepsSucceeded, keepsFailed, expires, replacesRunning, lastFired, firings }: CronJobFirings,
  { failedFirings }: FiringLimits,
): JobFirings['hidesFailures'] {
  if (firings.length === 0 && lastFired !== null && keepsSucceeded > 0) {
    return {
      because: `it has fired, but there is no Job of it, although it keeps ${counted(keepsSucceeded, 'Job')} that succeeded`,
      fix: 'Find out what removes its Jobs, or why none is made.',
    };
  }
  if (keepsFailed < failedFirings) {
    return {
      because: `it keeps no more than ${counted(keepsFailed, 'failed Job')} (spec.failedJobsHistoryLimit)`,
      fix: `Set it to ${failedFirings} or more.`,
    };
  }
  if (expires) {
    return {
      because: 'its Jobs are removed some time after their end (ttlSecondsAfterFinished)',
      fix: 'Remove that field; the history limits remove old Jobs.',
    };
  }
  if (!replacesRunning) return undefined;
  return {
    because: 'a Job that still runs when the next one is due is replaced, and removed (concurrencyPolicy: Replace)',
    fix: 'Set it to Forbid.',
  };
}

async function backupsOf(
  kubeconfigPath: string,
  { namespace, name }: z.output<typeof cronJobSchema>,
  limits: FiringLimits,
  { signal }: Step,
): Promise<JobFirings | UndecidedItem> {
  const what = `Velero Schedule ${name}`;
  if ((await findVeleroSchedule(kubeconfigPath, { namespace, name }, signal)) === null) {
    return { item: what, reason: 'there is no Schedule of that name', cause: 'schedule-missing' };
  }
  const backups = (await listVeleroBackups(kubeconfigPath, { namespace, schedule: name }, signal)).slice(
    0,
    limits.firings,
  );
  return {
    what,
    known: backups.map(({ name: backup, began: at, outcome, said }) => ({
      name: `Backup ${backup}`,
      at,
      outcome,
      said,
    })),
    unknown: backups.length === 0 ? 0 : limits.firings - backups.length,
    kept: 'no Backup of them is there',
    // Velero keeps failed Backups as long as successful ones.
    hidesFailures: undefined,
  };
}

const notFound = (item: UndecidedItem): FailedFirings => ({ differences: [], undecided: [item], notVerified: [] });

function evidenceOf(job: JobFirings | UndecidedItem): [string, string][] {
  if ('item' in job) return [];
  const count = (wanted: string) => job.known.filter(({ outcome }) => outcome === wanted).length;
  return [
    [
      job.what,
      `${count('succeeded')} succeeded, ${count('failed')} failed, ${count('running')} running, ${job.unknown} unknown`,
    ],
  ];
}
