import { summaryOf } from '../model/errors.ts';
import type { ScheduleObservation } from '../model/posture.ts';
import { formatDuration } from '../model/units.ts';
import type { CheckJudgement } from './posture-judgement.ts';
import { longestGapMs } from './schedule-gap.ts';

/** A schedule holds its RPO when it is there, runs, and lets no more time pass than the RPO allows, capture and upload included. */
export function judgeSchedule({ what, at, rpoMs, takesMs, found }: ScheduleObservation): CheckJudgement {
  if (found === null) {
    return {
      verdict: 'breached',
      found: `${what} does not exist. Apply the manifest that declares it`,
      cause: 'schedule-missing',
    };
  }
  const { cron, timeZone, paused, problem } = found;
  if (paused) {
    return {
      verdict: 'breached',
      found: `${what} is paused, so no backup is taken. Resume it`,
      cause: 'schedule-paused',
    };
  }
  if (problem !== null) {
    return {
      verdict: 'breached',
      found: `${what} takes no backup: ${problem}. Correct it`,
      cause: 'schedule-takes-no-backup',
    };
  }
  let gapMs: number;
  try {
    gapMs = longestGapMs({ cron, timeZone }, new Date(at));
  } catch (error) {
    return { verdict: 'breached', found: `${what}: ${summaryOf(error)}`, cause: 'schedule-rejected' };
  }
  const exposureMs = gapMs + takesMs;
  const taking = takesMs === 0 ? '' : ` and ${formatDuration(takesMs)} for capture and upload`;
  const schedule = `"${cron}" (${timeZone}) of ${what} lets ${formatDuration(gapMs)} pass at most${taking}`;
  if (exposureMs > rpoMs) {
    return {
      verdict: 'breached',
      found: `${schedule}, which is ${formatDuration(exposureMs - rpoMs)} more than the RPO of ${formatDuration(rpoMs)}. Run it more often`,
      cause: 'exposure-above-rpo',
    };
  }
  return { verdict: 'met', found: `${schedule}, within the RPO of ${formatDuration(rpoMs)}` };
}
