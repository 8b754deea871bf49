import { causeGivenBy, summaryOf } from '../model/errors.ts';
import type { ScheduleObservation } from '../model/posture.ts';
import { formatDuration } from '../model/units.ts';
import type { CheckJudgement } from './posture-judgement.ts';
import { analyseRuns, type RunAnalysis } from './run-analysis.ts';

/** A schedule holds its RPO when it is there, runs, and lets no more time pass than the RPO allows, capture and upload included. */
export function judgeSchedule({ what, at, rpoMs, takesMs, found }: ScheduleObservation): CheckJudgement {
  if (found === null) {
    return {
      verdict: 'breached',
      found: `${what} does not exist. Apply the manifest that declares it`,
      cause: 'schedule-missing',
    };
  }
  const { cron, timeZone, paused, problem, runs } = found;
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
  let analysis: RunAnalysis;
  try {
    analysis = analyseRuns({ cron, timeZone, runs }, takesMs, new Date(at));
  } catch (error) {
    const cause = causeGivenBy(error) ?? 'schedule-rejected';
    if (cause === 'exposure-unknown') return { verdict: 'unproven', found: `${what}: ${summaryOf(error)}`, cause };
    return { verdict: 'breached', found: `${what} takes no backup: ${summaryOf(error)}`, cause };
  }
  return judgeAnalysis(analysis, { what, rpoMs, takesMs, schedule: `"${cron}" (${timeZone})` });
}

function judgeAnalysis(
  { gapMs, exposureMs, problems, because, doubt, notes }: RunAnalysis,
  { what, rpoMs, takesMs, schedule }: { what: string; rpoMs: number; takesMs: number; schedule: string },
): CheckJudgement {
  const [first] = problems;
  if (exposureMs === null || first !== undefined) {
    const reasons = [...problems.map(({ text }) => text), ...notes].join('. Also, ');
    return {
      verdict: 'breached',
      found: `${what} completes no backup: ${reasons}`,
      cause: first?.cause ?? 'schedule-takes-no-backup',
    };
  }
  const taking = takesMs === 0 ? '' : ` and ${formatDuration(takesMs)} for capture and upload`;
  const lets = `${schedule} of ${what} lets ${formatDuration(gapMs)} pass at most${taking}`;
  const text = because === undefined ? lets : `${lets}; ${because}: ${formatDuration(exposureMs)} in all`;
  if (exposureMs > rpoMs) {
    return {
      verdict: 'breached',
      found: `${text}, which is ${formatDuration(exposureMs - rpoMs)} more than the RPO of ${formatDuration(rpoMs)}. Run it more often`,
      cause: 'exposure-above-rpo',
    };
  }
  // One start that is left out doubles the gap.
  if (doubt !== undefined && exposureMs + gapMs > rpoMs) {
    return { verdict: 'unproven', found: `${text}, but ${doubt}`, cause: 'start-deadline-too-short' };
  }
  const also = [...notes, ...(doubt === undefined ? [] : [doubt])].map((note) => `; ${note}`).join('');
  return { verdict: 'met', found: `${text}, within the RPO of ${formatDuration(rpoMs)}${also}` };
}
