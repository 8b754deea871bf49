import { summaryOf } from '../model/errors.ts';
import type { ScheduleObservation } from '../model/posture.ts';
import { formatDuration } from '../model/units.ts';
import type { CheckJudgement } from './posture-judgement.ts';
import { analyseRuns, type RunAnalysis } from './run-analysis.ts';

/** A schedule holds its RPO when it is there, runs, and lets no more time pass than the RPO allows, capture and upload included. */
export function judgeSchedule({ what, at, rpoMs, takesMs, found }: ScheduleObservation): CheckJudgement {
  if (found === null) {
    return { verdict: 'breached', found: `${what} does not exist. Apply the manifest that declares it` };
  }
  const { cron, timeZone, paused, problem, runs } = found;
  if (paused) {
    return { verdict: 'breached', found: `${what} is paused, so no backup is taken. Resume it` };
  }
  if (problem !== null) {
    return { verdict: 'breached', found: `${what} takes no backup: ${problem}. Correct it` };
  }
  let analysis: RunAnalysis;
  try {
    analysis = analyseRuns({ cron, timeZone, runs }, takesMs, new Date(at));
  } catch (error) {
    return { verdict: 'breached', found: `${what} takes no backup: ${summaryOf(error)}` };
  }
  const { gapMs, exposureMs, because, doubt, notes } = analysis;
  if (exposureMs === null) {
    const reasons = [...analysis.problems.map(({ text }) => text), ...notes].join('. Also, ');
    return { verdict: 'breached', found: `${what} completes no backup: ${reasons}` };
  }
  const taking = takesMs === 0 ? '' : ` and ${formatDuration(takesMs)} for capture and upload`;
  const lets = `"${cron}" (${timeZone}) of ${what} lets ${formatDuration(gapMs)} pass at most${taking}`;
  const schedule = because === undefined ? lets : `${lets}; ${because}: ${formatDuration(exposureMs)} in all`;
  if (exposureMs > rpoMs) {
    return {
      verdict: 'breached',
      found: `${schedule}, which is ${formatDuration(exposureMs - rpoMs)} more than the RPO of ${formatDuration(rpoMs)}. Run it more often`,
    };
  }
  // One start that is left out doubles the gap.
  if (doubt !== undefined && exposureMs + gapMs > rpoMs) {
    return { verdict: 'unproven', found: `${schedule}, but ${doubt}` };
  }
  const also = [...notes, ...(doubt === undefined ? [] : [doubt])].map((note) => `; ${note}`).join('');
  return { verdict: 'met', found: `${schedule}, within the RPO of ${formatDuration(rpoMs)}${also}` };
}
