import { summaryOf } from '../../model/errors.ts';
import type { IdleSchedule, Schedule } from '../../model/schedule.ts';
import { parseCron } from '../../verdict/cron-expression.ts';
import type { ParsedSchedule } from './options.ts';
import { veleroTtl } from './ttl.ts';

/**
 * When a Velero Schedule fires, what it does with runs that overlap, and how long it keeps its backups. Velero makes no backup of a
 * Schedule while one is new or in progress, and makes it afterwards (velero pkg/controller/schedule_controller.go).
 */
export function timesOfVelero(
  { cron, timeZone, ttl, template, idle }: ParsedSchedule,
  { manifest, name }: { readonly manifest?: string | undefined; readonly name?: string | undefined },
): Schedule {
  const { keptMs, problem } = veleroTtl(ttl ?? textOf(template['ttl']));
  const times = {
    cron,
    timeZone,
    runs: { concurrency: 'Forbid' as const },
    ...(keptMs === null ? {} : { keptMs }),
  };
  if (manifest === undefined) return times;
  const reason = idle ?? refusalOf(cron) ?? ttlRefusal(problem);
  return {
    ...times,
    heldBy: `Velero Schedule ${name === undefined ? '' : `${name} `}in ${manifest}`,
    ...(reason === undefined ? {} : { idle: reason }),
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Velero refuses a Schedule whose times it cannot read, and never makes a backup by it. */
function refusalOf(cron: string): IdleSchedule | undefined {
  try {
    parseCron(cron);
    return undefined;
  } catch (error) {
    return {
      reason: `spec.schedule "${cron}": ${summaryOf(error)}, and Velero refuses it`,
      cause: 'schedule-rejected',
    };
  }
}

const ttlRefusal = (problem: string | undefined): IdleSchedule | undefined =>
  problem === undefined ? undefined : { reason: `spec.template.ttl: ${problem}`, cause: 'schedule-takes-no-backup' };
