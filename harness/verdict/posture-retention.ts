import { type Cause, isCause } from '../model/causes.ts';
import { causeGivenBy, summaryOf } from '../model/errors.ts';
import type { RetentionObservation } from '../model/posture.ts';
import { formatDuration } from '../model/units.ts';
import type { CheckJudgement } from './finding.ts';
import { fewestWithin } from './firings.ts';
import { analyseRuns, type RunAnalysis } from './run-analysis.ts';

/** Extra time for which an expired object may stay. S3 runs its lifecycle once a day, and rounds up to the next midnight. */
const GRACE_MS = 2 * 86_400_000;

const breached = (found: string, cause: Cause): CheckJudgement => ({ verdict: 'breached', found, cause });
const unproven = (found: string, cause: Cause): CheckJudgement => ({ verdict: 'unproven', found, cause });

/**
 * Judges the retention. The number of kept recovery points is computed, not sampled: it is the number that the schedule makes in the time
 * for which one is kept. The removal of expired ones is computed from the rules; a recovery point that is too old also shows a failure.
 * Without any recovery point, nothing shows that the rules and the schedule belong to the promised backups.
 */
export function judgeRetention(observation: RetentionObservation): CheckJudgement {
  const { what, at, schedule, keptMs, keptBy, problems, takesMs = 0 } = observation;
  const [problem] = problems;
  if (typeof problem === 'string') return breached(problem, 'not-as-promised');
  if (problem !== undefined) return breached(problem.text, isCause(problem.cause) ? problem.cause : 'not-as-promised');
  if (schedule === null) {
    return unproven(`nothing schedules ${what}, so it is unknown how many are kept`, 'schedule-missing');
  }
  if (keptMs === null) {
    return breached(
      `${keptBy} never lets a recovery point of ${what} expire. Let it expire after some time`,
      'never-expires',
    );
  }
  let analysis: RunAnalysis;
  try {
    analysis = analyseRuns(schedule, takesMs, new Date(at));
  } catch (error) {
    const cause = causeGivenBy(error) ?? 'schedule-rejected';
    return (cause === 'exposure-unknown' ? unproven : breached)(summaryOf(error), cause);
  }
  const [neverEnds] = analysis.problems;
  if (analysis.exposureMs === null || neverEnds !== undefined) {
    return breached(
      `no recovery point is ever completed: ${neverEnds?.text ?? 'no run ends'}`,
      neverEnds?.cause ?? 'schedule-takes-no-backup',
    );
  }
  const gapMs = analysis.exposureMs - takesMs;
  // If runs leave gaps, only the longest gap is known.
  const within = (lengthMs: number): number =>
    analysis.because === undefined
      ? fewestWithin(schedule, new Date(at), gapMs, lengthMs)
      : Math.max(0, Math.floor(lengthMs / gapMs));
  return judgeKept(observation, { keptMs, gapMs, within, cron: schedule.cron });
}

interface Made {
  readonly keptMs: number;
  readonly gapMs: number;
  /** Returns the smallest number of recovery points in any period of this length. */
  readonly within: (lengthMs: number) => number;
  readonly cron: string;
}

function judgeKept(observation: RetentionObservation, { keptMs, gapMs, within, cron }: Made): CheckJudgement {
  const { what, at, keepsAtLeast, keptBy, oldest, recoveryPoints, takesMs = 0, thaw } = observation;
  const kept = keptMs <= takesMs ? 0 : within(keptMs - takesMs);
  const taking = takesMs === 0 ? '' : ` (each is there ${formatDuration(takesMs)} later)`;
  const keeping = `${keptBy} keeps each for ${formatDuration(keptMs)} and "${cron}" makes one every ${formatDuration(gapMs)}${kept > (keptMs - takesMs) / gapMs ? ' or sooner' : ''}${taking}: ${kept} at any time`;
  if (kept === 0) {
    return breached(
      `${keeping}. At times the newest has expired and the next one is not there yet. Keep them longer`,
      'no-recovery-point-at-times',
    );
  }
  if (kept < keepsAtLeast) {
    return breached(`${keeping}, fewer than the ${keepsAtLeast} promised. Keep them longer`, 'retention-too-short');
  }
  const oldestMs = Date.parse(at) - Date.parse(oldest ?? at);
  if (oldestMs > keptMs + GRACE_MS) {
    return breached(
      `the oldest recovery point of ${what} is ${formatDuration(oldestMs)} old, but should have been deleted after ${formatDuration(keptMs)}. Find out why ${keptBy} does not delete it`,
      'expired-not-deleted',
    );
  }
  const cold = thaw === undefined ? undefined : judgeThaw(thaw, what, within(thaw.afterMs), keepsAtLeast);
  if (cold !== undefined && cold.verdict !== 'met') return cold;
  if (recoveryPoints === 0) return unproven(nothingSeen(observation), causeOfNothing(observation));
  const seen = `${recoveryPoints} ${recoveryPoints === 1 ? 'lies' : 'lie'} there now, the oldest ${formatDuration(oldestMs)} old`;
  const also = [cold?.found, unreadOf(observation)].map((text) => (text === undefined ? '' : `; ${text}`)).join('');
  return {
    verdict: 'met',
    found: `${keeping}, ${keepsAtLeast} promised, by analysis of schedule and rules; ${seen}${also}`,
  };
}

/** Judges the time to thaw archived recovery points, which counts for the RTO. It does not matter if enough others can be read at once. */
function judgeThaw(
  { storageClass, afterMs, by, takesMs, rtoMs }: NonNullable<RetentionObservation['thaw']>,
  what: string,
  warm: number,
  keepsAtLeast: number,
): CheckJudgement {
  const moved = afterMs === 0 ? `${by} puts` : `after ${formatDuration(afterMs)} ${by} moves`;
  const text = `${moved} recovery points of ${what} into ${storageClass}, from which a standard retrieval takes up to ${formatDuration(takesMs)}`;
  if (warm >= keepsAtLeast) return { verdict: 'met', found: text };
  if (rtoMs === null) {
    return unproven(
      `${text}. Name the contract in \`for\`, so that its RTO shows whether there is time`,
      'thaw-time-unknown',
    );
  }
  if (takesMs > rtoMs) {
    return breached(
      `${text}, ${formatDuration(takesMs - rtoMs)} more than the RTO of ${formatDuration(rtoMs)}. Keep those that are promised in a class that is read at once`,
      'thaw-exceeds-rto',
    );
  }
  return { verdict: 'met', found: `${text}, within the RTO of ${formatDuration(rtoMs)}` };
}

function nothingSeen(observation: RetentionObservation): string {
  const unread = unreadOf(observation);
  return `no recovery point was seen in ${observation.what}${unread === undefined ? '' : `: ${unread}`}, so nothing shows that any is kept`;
}

const causeOfNothing = ({ unread }: RetentionObservation): Cause =>
  unread === undefined ? 'recovery-point-missing' : 'recovery-point-names-unread';

const unreadOf = ({ unread }: RetentionObservation): string | undefined => unreadNames(unread);

/** Describes the objects whose time of capture is unknown; undefined if there are none. */
export function unreadNames(unread: RetentionObservation['unread']): string | undefined {
  if (unread === undefined) return undefined;
  const { count, examples } = unread;
  const keys = count === 1 ? '1 key lies' : `${count} keys lie`;
  return `${keys} there whose ${count === 1 ? 'name does' : 'names do'} not show the time of a recovery point in the form that the check states, such as ${examples.map((each) => `"${each}"`).join(', ')}. State the form of the names in \`pattern\`, e.g. "orders-%Y-%m-%d.tar.gz", and leave \`holds\` out if each object is a recovery point`;
}
