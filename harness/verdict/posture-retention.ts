import { summaryOf } from '../model/errors.ts';
import type { RetentionObservation } from '../model/posture.ts';
import { formatDuration } from '../model/units.ts';
import type { CheckJudgement } from './posture-judgement.ts';
import { longestGapMs } from './schedule-gap.ts';

/** S3 runs its lifecycle once a day, and rounds up to the next midnight: an expired object may stay this much longer. */
const GRACE_MS = 2 * 86_400_000;

/**
 * Keeping is computed, not sampled: so many recovery points are there as the schedule makes while one of them is kept. That
 * the expired go is computed from the rules, and seen where one is older than it may be.
 */
export function judgeRetention(observation: RetentionObservation): CheckJudgement {
  const { what, at, keepsAtLeast, schedule, keptMs, keptBy, problems, oldest, recoveryPoints } = observation;
  const [problem] = problems;
  if (problem !== undefined) return { verdict: 'breached', found: problem, cause: 'not-as-promised' };
  if (schedule === null) {
    return {
      verdict: 'unproven',
      found: `nothing schedules ${what}, so nobody can tell how many are kept`,
      cause: 'schedule-missing',
    };
  }
  if (keptMs === null) {
    return {
      verdict: 'breached',
      found: `${keptBy} never lets a recovery point of ${what} expire. Give it an end`,
      cause: 'never-expires',
    };
  }
  let gapMs: number;
  try {
    gapMs = longestGapMs(schedule, new Date(at));
  } catch (error) {
    return { verdict: 'breached', found: summaryOf(error), cause: 'schedule-rejected' };
  }
  const kept = Math.floor(keptMs / gapMs);
  const keeping = `${keptBy} keeps each for ${formatDuration(keptMs)} and "${schedule.cron}" makes one every ${formatDuration(gapMs)}: ${kept} at any time`;
  if (kept < keepsAtLeast) {
    return {
      verdict: 'breached',
      found: `${keeping}, fewer than the ${keepsAtLeast} promised. Keep them longer`,
      cause: 'retention-too-short',
    };
  }
  const oldestMs = Date.parse(at) - Date.parse(oldest ?? at);
  if (oldestMs > keptMs + GRACE_MS) {
    return {
      verdict: 'breached',
      found: `the oldest recovery point of ${what} is ${formatDuration(oldestMs)} old, and should have gone after ${formatDuration(keptMs)}. See why ${keptBy} does not delete it`,
      cause: 'expired-not-deleted',
    };
  }
  const seen =
    recoveryPoints === 0
      ? 'none lies there now'
      : `${recoveryPoints} ${recoveryPoints === 1 ? 'lies' : 'lie'} there now, the oldest ${formatDuration(oldestMs)} old`;
  return { verdict: 'met', found: `${keeping}, ${keepsAtLeast} promised; ${seen}` };
}
