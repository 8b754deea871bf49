import { type Cause, isCause } from '../model/causes.ts';
import type { ObservedRecoveryPoint, RecoveryPointsObservation } from '../model/posture.ts';
import { counted } from '../model/text.ts';
import { formatDuration } from '../model/units.ts';
import type { CheckJudgement } from './finding.ts';
import { unreadNames } from './posture-retention.ts';

/** Largest offset of a local time from UTC. */
const FARTHEST_ZONE_MS = 14 * 3_600_000;

const DEPENDS_ON_ZONE: ReadonlySet<Cause> = new Set([
  'recovery-point-too-old',
  'off-site-lag',
  'recovery-point-from-the-future',
]);

/** Judges the age, the delay and the reliability of the backups that are really off-site. Without any backup there it proves nothing. */
export function judgeRecoveryPoints(observation: RecoveryPointsObservation): CheckJudgement {
  const { where, at, promised, points, counted, ahead } = observation;
  const unread = unreadNames(observation.unread);
  if (counted === 0 && ahead === undefined) {
    return unread === undefined
      ? {
          verdict: 'unproven',
          found: `no recovery point lies in ${where}, so there is nothing to judge`,
          cause: 'recovery-point-missing',
        }
      : { verdict: 'unproven', found: `in ${where}, ${unread}`, cause: 'recovery-point-names-unread' };
  }
  const nowMs = Date.parse(at);
  const [newest] = points.filter(isOffSite).toSorted((one, other) => ageOf(one, nowMs) - ageOf(other, nowMs));
  const wrong = breachOf('recovery-point-from-the-future', aheadBreach(observation));
  if (newest === undefined && (counted > 0 || wrong === undefined)) {
    const said = points[0]?.said ?? 'nothing';
    return {
      verdict: 'breached',
      found: `none of ${counted} ${counted === 1 ? 'attempt' : 'attempts'} left a whole recovery point in ${where} (the last says: ${said}). Find out why, and take a backup now`,
      cause:
        points[0]?.problem !== undefined && isCause(points[0].problem) ? points[0].problem : 'recovery-point-missing',
    };
  }
  const breaches = [
    ...(newest === undefined ? [] : [breachOf('recovery-point-too-old', freshnessBreach(newest, nowMs, observation))]),
    breachOf('recovery-point-gap', gapBreach(observation)),
    breachOf('off-site-lag', lagBreach(points, nowMs, promised.lagWithinMs)),
    breachOf(failureCauseOf(points), successBreach(observation)),
    wrong,
  ].filter((each) => each !== undefined);
  const [first] = breaches;
  if (first !== undefined) {
    const found = breaches.map((each) => each.found).join('; ');
    const doubt = doubtAbout(
      observation,
      newest,
      unread,
      breaches.every(({ cause }) => DEPENDS_ON_ZONE.has(cause)),
    );
    if (doubt !== undefined)
      return { verdict: 'unproven', found: `${found}; but ${doubt}`, cause: 'recovery-point-names-unread' };
    return { verdict: 'breached', found, cause: first.cause };
  }
  if (newest === undefined) {
    return { verdict: 'unproven', found: `no recovery point lies in ${where}`, cause: 'recovery-point-missing' };
  }
  const cold = judgeCold(newest, observation);
  if (cold !== undefined) return cold;
  const age = formatDuration(ageOf(newest, nowMs));
  const lags = points.filter(({ outcome }) => outcome === 'succeeded').map((point) => lagOf(point, nowMs));
  const also = unread === undefined ? '' : `; ${unread}`;
  return {
    verdict: 'met',
    found: `the newest in ${where} is ${age} old, the longest off-site lag ${formatDuration(Math.max(0, ...lags))}, ${successOf(observation)}${also}`,
  };
}

/** Returns why the result may change once all names, or their time zone, are known. */
function doubtAbout(
  { at, ahead, unread, isZoneAssumed, promised, everyMs = 0 }: RecoveryPointsObservation,
  newest: ObservedRecoveryPoint | undefined,
  unreadText: string | undefined,
  dependsOnZone: boolean,
): string | undefined {
  const unreadMs = Date.parse(unread?.newest ?? '');
  // Objects that are written with each backup, such as a pointer to the newest, are no newer backups.
  const besideMs =
    newest?.durable === undefined || newest.durable === null
      ? Number.NEGATIVE_INFINITY
      : Date.parse(newest.durable) + everyMs / 2;
  const isNewer = unreadMs > besideMs && Date.parse(at) - unreadMs <= promised.freshWithinMs;
  // No time zone and no unread name explains such a difference.
  if (ahead !== undefined && aheadByMs(ahead.first, at) > FARTHEST_ZONE_MS) return undefined;
  if (isNewer) return unreadText;
  const isFreshSomewhere =
    newest === undefined || ageOf(newest, Date.parse(at)) - FARTHEST_ZONE_MS <= promised.freshWithinMs;
  if (isZoneAssumed !== true || !dependsOnZone || !isFreshSomewhere) return undefined;
  return 'the names give no time zone, and were read as UTC. State their time zone in `timeZone`';
}

const aheadByMs = ({ captureBegan, durable }: ObservedRecoveryPoint, at: string): number =>
  Date.parse(captureBegan) - Math.min(Date.parse(at), Date.parse(durable ?? at));

/** Returns the breach of a recovery point from the future. Programs that sort by name treat it as the newest. */
function aheadBreach({ ahead }: RecoveryPointsObservation): string | undefined {
  if (ahead === undefined) return undefined;
  const { count, first } = ahead;
  const than = first.durable === null ? 'than now' : `than its upload (${first.durable}) or than now`;
  return `${count === 1 ? '1 recovery point claims' : `${count} recovery points claim`} a capture later ${than}: ${first.id}. It was left out of the rest; a restore that takes the newest by name would take it. Correct the clock or the time zone of the program that names it, and rename it`;
}

/**
 * Returns the breach of a long gap. A single missing recovery point only counts for the success rate; several in a row leave no point to
 * restore.
 */
function gapBreach({ longestGap, everyMs = 0, promised }: RecoveryPointsObservation): string | undefined {
  if (longestGap === undefined || longestGap.gapMs <= promised.criticalAfterMs + everyMs / 2) return undefined;
  const { gapMs, after, before } = longestGap;
  return `there was no recovery point for ${formatDuration(gapMs)}, between ${after} and ${before}; critical begins at ${formatDuration(promised.criticalAfterMs)}. Find out why none was taken then`;
}

function judgeCold(
  { id, storageClass, thawMs = 0 }: ObservedRecoveryPoint,
  { promised: { rtoMs } }: RecoveryPointsObservation,
): CheckJudgement | undefined {
  if (storageClass === undefined || (rtoMs !== undefined && thawMs <= rtoMs)) return undefined;
  const text = `the newest (${id}) lies in ${storageClass}, from which a standard retrieval takes up to ${formatDuration(thawMs)}`;
  if (rtoMs === undefined) {
    const found = `${text}. Name the contract in \`for\`, so that its RTO shows whether there is time`;
    return { verdict: 'unproven', found, cause: 'thaw-time-unknown' };
  }
  const found = `${text}, ${formatDuration(thawMs - rtoMs)} more than the RTO of ${formatDuration(rtoMs)}. Keep the newest in a class that is read at once`;
  return { verdict: 'breached', found, cause: 'thaw-exceeds-rto' };
}

const breachOf = (cause: Cause, found: string | undefined) => (found === undefined ? undefined : { cause, found });

/** Returns true for a recovery point whose copy exists off-site. A "Completed" backup without a copy is no recovery point. */
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
  return `the newest in ${where} (${newest.id}) is ${formatDuration(ageMs)} old: ${level}; less than ${formatDuration(promised.freshWithinMs)} was promised. Find out why no newer one came, and take a backup now`;
}

/** Returns the time from the start of the capture until the copy was off-site, or until now if it is not. */
function lagOf({ captureBegan, durable }: ObservedRecoveryPoint, nowMs: number): number {
  return Math.max(0, (durable === null ? nowMs : Date.parse(durable)) - Date.parse(captureBegan));
}

function lagBreach(points: readonly ObservedRecoveryPoint[], nowMs: number, lagWithinMs: number): string | undefined {
  const late = points.find((point) => point.outcome === 'succeeded' && lagOf(point, nowMs) > lagWithinMs);
  if (late === undefined) return undefined;
  const took = formatDuration(lagOf(late, nowMs));
  const how = late.durable === null ? `is not off-site after ${took}` : `took ${took} to get off-site`;
  return `${late.id} ${how}; less than ${formatDuration(lagWithinMs)} was promised. Check the program that copies it`;
}

/** Returns the known cause of the last failure; `success-rate` otherwise. */
function failureCauseOf(points: readonly ObservedRecoveryPoint[]): Cause {
  const problem = points.find(({ outcome }) => outcome === 'failed')?.problem;
  return problem !== undefined && isCause(problem) ? problem : 'success-rate';
}

function successBreach(observation: RecoveryPointsObservation): string | undefined {
  const { promised, points } = observation;
  const { ended, whole } = attemptsOf(observation);
  if (promised.successAbovePercent === null || ended === 0) return undefined;
  if ((100 * whole) / ended > promised.successAbovePercent) return undefined;
  const last = points.find(({ outcome }) => outcome === 'failed');
  const why = last === undefined ? '' : ` (the last failure is ${last.id}: ${last.said})`;
  return `${successOf(observation)}; more than ${promised.successAbovePercent} % was promised${why}. Read the logs of the failed attempts`;
}

/** Counts the attempts. A success that came before it was due, such as a retry, is no attempt of its own. */
function attemptsOf({ succeeded, failed, surplus = 0 }: RecoveryPointsObservation) {
  const whole = succeeded - surplus;
  return { whole, ended: whole + failed };
}

function successOf(observation: RecoveryPointsObservation): string {
  const { promised, succeeded, failed, population, surplus = 0 } = observation;
  const { ended, whole } = attemptsOf(observation);
  if (promised.successAbovePercent === null) return `${succeeded} of them whole (${population})`;
  const percent = ended === 0 ? 0 : Math.floor((1_000 * whole) / ended) / 10;
  // The rule of three: n successes without a failure only show, with 95 % confidence, a rate above 1 - 3/n.
  const few = failed === 0 && ended * (100 - promised.successAbovePercent) < 300 ? ', too few to show a rate' : '';
  const more = surplus === 0 ? '' : `, besides ${surplus} that came sooner than due`;
  return `${whole} of ${counted(ended, 'attempt')} succeeded, ${percent} % (${population}${few}${more})`;
}
