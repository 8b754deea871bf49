import type { Cause } from '../model/causes.ts';
import type { ObservedRecoveryPoint, RecoveryPointsObservation } from '../model/posture.ts';
import { formatDuration } from '../model/units.ts';
import type { CheckJudgement } from './posture-judgement.ts';

/** How fresh, how far behind and how reliable the backups are that really lie off-site. None there proves nothing. */
export function judgeRecoveryPoints(observation: RecoveryPointsObservation): CheckJudgement {
  const { where, at, promised, points, counted } = observation;
  if (counted === 0) {
    return {
      verdict: 'unproven',
      found: `no recovery point lies in ${where}, so there is nothing to judge`,
      cause: 'recovery-point-missing',
    };
  }
  const nowMs = Date.parse(at);
  const [newest] = points.filter(isOffSite).toSorted((one, other) => ageOf(one, nowMs) - ageOf(other, nowMs));
  if (newest === undefined) {
    const said = points[0]?.said ?? 'nothing';
    return {
      verdict: 'breached',
      found: `none of ${counted} attempts lies whole in ${where} (the last says: ${said}). Find out why, and take a backup now`,
      cause: 'recovery-point-missing',
    };
  }
  const breaches = [
    breachOf('recovery-point-too-old', freshnessBreach(newest, nowMs, observation)),
    breachOf('off-site-lag', lagBreach(points, nowMs, promised.lagWithinMs)),
    breachOf('success-rate', successBreach(observation)),
  ].filter((each) => each !== undefined);
  const [first] = breaches;
  if (first !== undefined) {
    return { verdict: 'breached', found: breaches.map(({ found }) => found).join('; '), cause: first.cause };
  }
  const age = formatDuration(ageOf(newest, nowMs));
  const lags = points.filter(({ outcome }) => outcome === 'succeeded').map((point) => lagOf(point, nowMs));
  return {
    verdict: 'met',
    found: `the newest in ${where} is ${age} old, the longest off-site lag ${formatDuration(Math.max(0, ...lags))}, ${successOf(observation)}`,
  };
}

const breachOf = (cause: Cause, found: string | undefined) => (found === undefined ? undefined : { cause, found });

/** Asked of the copy, not of the tool: a "Completed" backup that does not lie there is no recovery point. */
const isOffSite = ({ outcome, durable }: ObservedRecoveryPoint): boolean => outcome === 'succeeded' && durable !== null;

const ageOf = ({ captureBegan }: ObservedRecoveryPoint, nowMs: number): number => nowMs - Date.parse(captureBegan);

function freshnessBreach(
  newest: ObservedRecoveryPoint,
  nowMs: number,
  { where, promised }: RecoveryPointsObservation,
): string | undefined {
  const ageMs = ageOf(newest, nowMs);
  if (ageMs <= promised.freshWithinMs) return undefined;
  const critical = ageMs > promised.criticalAfterMs;
  const level = critical ? `critical, which begins at ${formatDuration(promised.criticalAfterMs)}` : 'too old';
  return `the newest in ${where} (${newest.id}) is ${formatDuration(ageMs)} old: ${level}; promised was less than ${formatDuration(promised.freshWithinMs)}. See why no newer one came, and take a backup now`;
}

/** From the beginning of the capture until it lay off-site; until now when it does not. */
function lagOf({ captureBegan, durable }: ObservedRecoveryPoint, nowMs: number): number {
  return Math.max(0, (durable === null ? nowMs : Date.parse(durable)) - Date.parse(captureBegan));
}

function lagBreach(points: readonly ObservedRecoveryPoint[], nowMs: number, lagWithinMs: number): string | undefined {
  const late = points.find((point) => point.outcome === 'succeeded' && lagOf(point, nowMs) > lagWithinMs);
  if (late === undefined) return undefined;
  const took = formatDuration(lagOf(late, nowMs));
  const how = late.durable === null ? `is not off-site after ${took}` : `took ${took} to get off-site`;
  return `${late.id} ${how}; promised was less than ${formatDuration(lagWithinMs)}. Look at what copies it`;
}

function successBreach(observation: RecoveryPointsObservation): string | undefined {
  const { promised, succeeded, failed, points } = observation;
  const ended = succeeded + failed;
  if (promised.successAbovePercent === null || ended === 0) return undefined;
  if ((100 * succeeded) / ended > promised.successAbovePercent) return undefined;
  const last = points.find(({ outcome }) => outcome === 'failed');
  const why = last === undefined ? '' : ` (the last failure is ${last.id}: ${last.said})`;
  return `${successOf(observation)}; promised was more than ${promised.successAbovePercent} %${why}. Read the log of what failed`;
}

function successOf({ promised, succeeded, failed, population }: RecoveryPointsObservation): string {
  const ended = succeeded + failed;
  if (promised.successAbovePercent === null) return `${succeeded} of them whole (${population})`;
  const percent = ended === 0 ? 0 : Math.floor((1_000 * succeeded) / ended) / 10;
  // The rule of three: n successes without a failure show, with 95 % confidence, a rate above 1 - 3/n and no more.
  const few = failed === 0 && ended * (100 - promised.successAbovePercent) < 300 ? ', too few to show a rate' : '';
  return `${succeeded} of ${ended} attempts succeeded, ${percent} % (${population}${few})`;
}
