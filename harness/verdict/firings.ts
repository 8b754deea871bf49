import type { PostureDifference, UndecidedItem } from '../model/posture.ts';
import type { Schedule } from '../model/schedule.ts';
import { counted } from '../model/text.ts';
import { nextFiring } from './cron-next.ts';
import { firingsOfDays } from './day-schedule.ts';
import { daysOf, expressionOf, HORIZON_MS, keyOf, type Times, zoneOf } from './schedule-gap.ts';

const DAY_MS = 86_400_000;
/** Largest number of firings: every minute for ten weeks, which contain each weekday and the ends of two months. */
export const MOST_FIRINGS = 100_000;

/**
 * Returns the firings of a schedule, ascending, in milliseconds since the epoch, for eight years and at most 100,000.
 * @throws {ExplainedError} for an unreadable expression or time zone.
 */
export function firingsOf(schedule: Times, from: Date): readonly number[] {
  const fromMs = Math.floor(from.getTime() / DAY_MS) * DAY_MS;
  const key = keyOf(schedule, fromMs);
  const known = kept.get(key);
  if (known !== undefined) return known;
  const firings: number[] = [];
  for (const atMs of eachFiring(schedule, fromMs)) {
    if (firings.length === MOST_FIRINGS) break;
    firings.push(atMs);
  }
  const [oldest] = kept.keys();
  if (kept.size === MOST_KEPT && oldest !== undefined) kept.delete(oldest);
  kept.set(key, firings);
  return firings;
}

/** Cache of firings. The checks of a platform repeatedly ask for the same few schedules, and eight years of hours take a second. */
const kept = new Map<string, readonly number[]>();
const MOST_KEPT = 8;

/**
 * Returns the firings from this instant on, for less than eight years.
 * @throws {ExplainedError} for an unreadable expression or time zone.
 */
export function firingsWithin(schedule: Times, fromMs: number, lengthMs: number): readonly number[] {
  const firings: number[] = [];
  for (const atMs of eachFiring(schedule, fromMs)) {
    if (atMs >= fromMs + lengthMs || firings.length === MOST_FIRINGS) break;
    firings.push(atMs);
  }
  return firings;
}

/**
 * Returns the last due times of a schedule, ascending, at most `most` of them.
 * @param since time before which nothing was due, such as the creation of the object that holds the schedule.
 * @throws {ExplainedError} for an unreadable expression or time zone.
 */
export function lastFirings(schedule: Times, until: Date, since: Date, most: number): readonly number[] {
  const untilMs = until.getTime();
  const sinceMs = Math.max(since.getTime(), untilMs - HORIZON_MS);
  for (let windowMs = DAY_MS; ; windowMs *= 4) {
    const fromMs = Math.max(untilMs - windowMs, sinceMs);
    const due: number[] = [];
    for (const atMs of eachFiring(schedule, fromMs)) {
      if (atMs > untilMs) break;
      due.push(atMs);
    }
    if (due.length >= most || fromMs === sinceMs) return due.slice(-most);
  }
}

function* eachFiring(schedule: Times, fromMs: number): Generator<number> {
  const untilMs = fromMs + HORIZON_MS;
  if (schedule.scheduler === 'vixie' || schedule.scheduler === 'systemd') {
    const days = daysOf(schedule);
    const zone = zoneOf(days.timeZone ?? schedule.timeZone, fromMs - DAY_MS, untilMs + DAY_MS);
    yield* firingsOfDays(days, zone, fromMs, untilMs);
    return;
  }
  const expression = expressionOf(schedule);
  if (expression.kind === 'every') {
    for (let atMs = fromMs; atMs < untilMs; atMs += expression.everyMs) yield atMs;
    return;
  }
  const zone = zoneOf(expression.timeZone ?? schedule.timeZone, fromMs, untilMs);
  let atMs = nextFiring(expression, fromMs - 1, zone);
  while (atMs !== undefined && atMs < untilMs) {
    yield atMs;
    atMs = nextFiring(expression, atMs, zone);
  }
}

/** A year, which contains every change of clocks, and every weekday at both ends of a month. */
const YEAR_MS = 366 * 86_400_000;

/**
 * Returns the smallest number of recovery points in any period of this length. A schedule with one long gap, such as a weekend or a change
 * of clocks, makes more than one for each longest gap.
 * @param gapMs the longest gap between two. It is used for all of them if less than a year of firings is known.
 */
export function fewestWithin(schedule: Schedule, from: Date, gapMs: number, lengthMs: number): number {
  const byLongestGap = Math.max(0, Math.floor(lengthMs / gapMs));
  const firings = firingsOf(schedule, from);
  const lastBeginMs = (firings.at(-1) ?? 0) - lengthMs;
  if (lastBeginMs - (firings[0] ?? 0) < YEAR_MS) return byLongestGap;
  // A period with the fewest begins just after one of them.
  let fewest = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const [index, beginMs] of firings.entries()) {
    if (beginMs > lastBeginMs) break;
    while ((firings[end] ?? Number.POSITIVE_INFINITY) <= beginMs + lengthMs) end += 1;
    fewest = Math.min(fewest, end - 1 - index);
  }
  return Math.max(byLongestGap, fewest);
}

/** One firing of a job that its system still shows. */
interface KnownFiring {
  /** Name of the object that it made, e.g. `Job nats-backup-29403120`. */
  readonly name: string;
  readonly at: string;
  readonly outcome: 'succeeded' | 'failed' | 'running';
  readonly said: string;
}

/** The last firings of a job. */
export interface JobFirings {
  /** Name of the job, e.g. `CronJob agents/nats-backup`. */
  readonly what: string;
  /** Known firings, the newest first. */
  readonly known: readonly KnownFiring[];
  /** Number of recent firings that were due and left no trace. */
  readonly unknown: number;
  /** Description of the objects that are kept, e.g. `it keeps 3 Jobs that succeeded and 1 that failed`. */
  readonly kept: string;
  /** Why a failed firing may be among the unknown ones, and the next step. Undefined if failed ones are kept long enough. */
  readonly hidesFailures: { readonly because: string; readonly fix: string } | undefined;
}

export interface FiringLimits {
  /** Number of last firings to judge. */
  readonly firings: number;
  /** Number of failed firings that breaks the limit. */
  readonly failedFirings: number;
}

export interface FailedFirings {
  readonly differences: readonly PostureDifference[];
  readonly undecided: readonly UndecidedItem[];
  readonly notVerified: readonly string[];
}

/**
 * Judges whether a job failed too often in its last firings. Removed firings are unknown. The result is undecided if enough failures may be
 * among them.
 */
export function judgeFirings(
  { what, known, unknown, kept, hidesFailures }: JobFirings,
  { firings, failedFirings }: FiringLimits,
): FailedFirings {
  const failed = known.filter(({ outcome }) => outcome === 'failed');
  const open = `how ${unknown} of the last ${firings} firings of ${what} ended (${kept})`;
  const notVerified = [
    ...(unknown === 0 ? [] : [open]),
    ...(known.length + unknown === 0 ? [`${what}, which has not fired yet`] : []),
  ];
  const [last] = failed;
  if (last !== undefined && failed.length >= failedFirings) {
    const difference: PostureDifference = {
      item: what,
      expected: `fewer than ${failedFirings} failures in its last ${firings} firings`,
      found: `${failed.length}${unknown === 0 ? '' : `, and ${unknown} are unknown`}; the last failure is ${last.name} of ${last.at}: ${last.said}`,
      nextStep: `Look at what ${last.name} logged, repair the job, and let it succeed.`,
      cause: 'failed-repeatedly',
    };
    return { differences: [difference], undecided: [], notVerified };
  }
  if (hidesFailures !== undefined && failed.length + unknown >= failedFirings) {
    const seen = `${counted(known.length, 'firing')} of the last ${firings} can be seen, and ${failed.length} of them failed`;
    const reason = `${seen}; ${hidesFailures.because}. ${hidesFailures.fix}`;
    return { differences: [], undecided: [{ item: what, reason, cause: 'failures-not-kept' }], notVerified };
  }
  return { differences: [], undecided: [], notVerified };
}
