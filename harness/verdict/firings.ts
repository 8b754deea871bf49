import type { PostureDifference, UndecidedItem } from '../model/posture.ts';
import type { Schedule } from '../model/schedule.ts';
import { counted } from '../model/text.ts';
import { nextFiring } from './cron-next.ts';
import { firingsOfDays } from './day-schedule.ts';
import { daysOf, expressionOf, HORIZON_MS, keyOf, type Times, zoneOf } from './schedule-gap.ts';

const DAY_MS = 86_400_000;
/** Every minute for ten weeks: each weekday, and the ends of two months, occur in it. */
export const MOST_FIRINGS = 100_000;

/**
 * When a schedule fires, ascending, in milliseconds since the epoch: for eight years, and at most 100,000 times.
 * @throws {ExplainedError} for an expression or a time zone that cannot be read.
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

/** The checks of a platform ask for the same few schedules again and again, and eight years of hours take a second. */
const kept = new Map<string, readonly number[]>();
const MOST_KEPT = 8;

/**
 * The same from that instant on, for less than eight years.
 * @throws {ExplainedError} for an expression or a time zone that cannot be read.
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
 * The last times at which a schedule was due, ascending, at most so many of them.
 * @param since nothing was due before, such as the creation of the object that holds the schedule.
 * @throws {ExplainedError} for an expression or a time zone that cannot be read.
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

/** Every change of clocks occurs in it, and every weekday at both ends of a month. */
const YEAR_MS = 366 * 86_400_000;

/**
 * The fewest recovery points that a time of that length holds, wherever it begins: a schedule with one long gap, such as a weekend or a
 * change of clocks, makes more than one for each longest gap.
 * @param gapMs the longest gap between two; where the firings of less than a year are known, it is taken for each of them.
 */
export function fewestWithin(schedule: Schedule, from: Date, gapMs: number, lengthMs: number): number {
  const byLongestGap = Math.max(0, Math.floor(lengthMs / gapMs));
  const firings = firingsOf(schedule, from);
  const lastBeginMs = (firings.at(-1) ?? 0) - lengthMs;
  if (lastBeginMs - (firings[0] ?? 0) < YEAR_MS) return byLongestGap;
  // The fewest are in a time that begins just after one of them.
  let fewest = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const [index, beginMs] of firings.entries()) {
    if (beginMs > lastBeginMs) break;
    while ((firings[end] ?? Number.POSITIVE_INFINITY) <= beginMs + lengthMs) end += 1;
    fewest = Math.min(fewest, end - 1 - index);
  }
  return Math.max(byLongestGap, fewest);
}

/** One firing of a job, as its system still shows it. */
export interface KnownFiring {
  /** The object that it made, e.g. `Job nats-backup-29403120`. */
  readonly name: string;
  readonly at: string;
  readonly outcome: 'succeeded' | 'failed' | 'running';
  readonly said: string;
}

/** The last firings of a job. */
export interface JobFirings {
  /** E.g. `CronJob agents/nats-backup`. */
  readonly what: string;
  /** The newest first. */
  readonly known: readonly KnownFiring[];
  /** How many were due among the last ones, and have left nothing to look at. */
  readonly unknown: number;
  /** What is kept of them, e.g. `it keeps 3 Jobs that succeeded and 1 that failed`. */
  readonly kept: string;
  /** Why a failed firing may be among the unknown ones, and what to do; undefined where failed ones are kept for long enough. */
  readonly hidesFailures: { readonly because: string; readonly fix: string } | undefined;
}

export interface FiringLimits {
  /** So many of the last firings are looked at. */
  readonly firings: number;
  /** So many of them may not have failed. */
  readonly failedFirings: number;
}

export interface FailedFirings {
  readonly differences: readonly PostureDifference[];
  readonly undecided: readonly UndecidedItem[];
  readonly notVerified: readonly string[];
}

/** Whether a job failed too often in its last firings. What was removed is unknown; it is undecided where enough failures may be among it. */
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
      found: `${failed.length}${unknown === 0 ? '' : `, and ${unknown} are unknown`}; the last is ${last.name} of ${last.at}: ${last.said}`,
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
