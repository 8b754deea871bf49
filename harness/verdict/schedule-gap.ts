import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { Schedule } from '../model/schedule.ts';
import { type CronExpression, type CronFields, parseCron } from './cron-expression.ts';
import { nextFiring } from './cron-next.ts';
import { longestGapOfDays, TimeZone } from './day-schedule.ts';
import { parseSystemdCalendar } from './systemd-calendar.ts';
import { timeZoneNames } from './time-zone-names.ts';
import { parseVixieCron } from './vixie-cron.ts';

/** The part of a schedule that determines its firings. */
export type Times = Pick<Schedule, 'cron' | 'timeZone' | 'scheduler'>;

/** Returns the key of a schedule's firings in their cache. */
export const keyOf = ({ cron, timeZone, scheduler = 'kubernetes' }: Times, fromMs: number): string =>
  `${scheduler}|${cron}|${timeZone}|${fromMs}`;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Eight years, which contain two leap days and every combination of weekday and month end. */
export const HORIZON_MS = (8 * 365 + 3) * DAY_MS;
/**
 * Time before and after a change of the clock in which each firing is computed separately, because the change moves hours and midnights.
 */
const UNSETTLED_MS = 49 * 3_600_000;

/**
 * Returns the longest time between two firings of a schedule, in milliseconds, including daylight-saving changes.
 *
 * It follows robfig/cron v3, which Kubernetes CronJobs and Velero schedules use: a time that a change of the clock skips does not fire on
 * that day, and a repeated time fires twice. The gap of `@every` is its interval. For a schedule with another scheduler the rules of that
 * scheduler apply.
 * @param from start of the eight-year horizon. Every instant gives the same answer, except for changes of time-zone rules.
 * @throws {ExplainedError} for an unreadable expression or time zone, or a schedule that never fires.
 */
export function longestGapMs(schedule: Times, from: Date): number {
  const firstDayMs = Math.floor(from.getTime() / DAY_MS) * DAY_MS;
  const key = keyOf(schedule, firstDayMs);
  const known = gaps.get(key);
  if (known !== undefined) return known;
  const gapMs = computeLongestGapMs(schedule, firstDayMs);
  gaps.set(key, gapMs);
  return gapMs;
}

/** Returns why a schedule cannot be computed, without the advice. The caller names the object that holds it. */
export const reasonOf = (error: unknown): string =>
  error instanceof ExplainedError ? `${error.explanation.thing}: ${error.explanation.observed}` : summaryOf(error);

/** Cache of gaps. Eight years of days take a noticeable part of a second, and every drill of a run asks for the same schedule. */
const gaps = new Map<string, number>();

function computeLongestGapMs(schedule: Times, fromMs: number): number {
  if (schedule.scheduler === 'vixie' || schedule.scheduler === 'systemd') return longestGapOnHost(schedule, fromMs);
  const expression = expressionOf(schedule);
  if (expression.kind === 'every') return expression.everyMs;
  const untilMs = fromMs + HORIZON_MS;
  const zone = zoneOf(expression.timeZone ?? schedule.timeZone, fromMs, untilMs);
  const timesOfDayMs = timesOfDay(expression);
  if (timesOfDayMs.length === 0) throw neverFires(schedule);
  const [firstMs = 0] = timesOfDayMs;
  const lastMs = timesOfDayMs.at(-1) ?? 0;
  const withinDayMs = longestStep(timesOfDayMs);
  let longestMs = 0;
  let previousMs: number | undefined;
  let atMs = nextFiring(expression, fromMs - 1, zone);
  while (atMs !== undefined && atMs < untilMs) {
    longestMs = Math.max(longestMs, atMs - (previousMs ?? atMs));
    previousMs = atMs;
    let searchedMs = atMs;
    if (isFirstOfSettledDay(atMs, firstMs, zone)) {
      longestMs = Math.max(longestMs, withinDayMs);
      previousMs = atMs - firstMs + lastMs;
      searchedMs = atMs - firstMs + DAY_MS - 1;
    }
    atMs = nextFiring(expression, searchedMs, zone);
  }
  if (longestMs === 0) throw neverFires(schedule);
  return longestMs;
}

function longestGapOnHost(schedule: Times, fromMs: number): number {
  const days = daysOf(schedule);
  const untilMs = fromMs + HORIZON_MS;
  const zone = zoneOf(days.timeZone ?? schedule.timeZone, fromMs - DAY_MS, untilMs + DAY_MS);
  const gapMs = longestGapOfDays(days, zone, fromMs, untilMs);
  if (gapMs === undefined) throw neverFires(schedule);
  return gapMs;
}

export function daysOf({ cron, scheduler }: Times) {
  try {
    return scheduler === 'systemd' ? parseSystemdCalendar(cron) : { ...parseVixieCron(cron), timeZone: undefined };
  } catch (error) {
    const isSystemd = scheduler === 'systemd';
    throw new ExplainedError(
      {
        thing: `schedule "${cron}"`,
        expected: isSystemd
          ? 'an OnCalendar expression of systemd'
          : 'the five fields of a crontab, or @daily or the like',
        observed: `it cannot be read: ${summaryOf(error)}`,
        nextStep: isSystemd
          ? 'Write it as `systemd-analyze calendar` takes it, e.g. "*-*-* 02:00".'
          : 'Write it as the crontab has it, without the command, e.g. "*/5 * * * *".',
        cause: 'schedule-rejected',
      },
      { cause: error },
    );
  }
}

/**
 * Returns true for the first firing of a day without a change of the clock nearby. Such a day has all its firings, so they need no separate
 * computation.
 */
function isFirstOfSettledDay(atMs: number, firstMs: number, zone: TimeZone): boolean {
  const timeOfDayMs = (atMs + zone.offsetMs(atMs)) % DAY_MS;
  return timeOfDayMs === firstMs && zone.changes.every((change) => Math.abs(change.atMs - atMs) > UNSETTLED_MS);
}

function timesOfDay({ hour, minute }: CronFields): readonly number[] {
  const times: number[] = [];
  for (let timeMs = 0; timeMs < DAY_MS; timeMs += MINUTE_MS) {
    const minutes = timeMs / MINUTE_MS;
    if (hour.matches(Math.floor(minutes / 60)) && minute.matches(minutes % 60)) times.push(timeMs);
  }
  return times;
}

const longestStep = (sorted: readonly number[]): number =>
  sorted.reduce((longest, value, index) => Math.max(longest, value - (sorted[index - 1] ?? value)), 0);

export function expressionOf({ cron }: Times): CronExpression {
  try {
    return parseCron(cron);
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `schedule "${cron}"`,
        expected: 'a cron expression of five fields (minute hour day month weekday), @daily or the like, or @every',
        observed: `it cannot be read: ${summaryOf(error)}. Kubernetes and Velero refuse it too`,
        nextStep: 'Write five fields that Kubernetes takes, e.g. "*/5 * * * *".',
        cause: 'schedule-rejected',
      },
      { cause: error },
    );
  }
}

export function zoneOf(name: string, fromMs: number, untilMs: number): TimeZone {
  try {
    return new TimeZone(name, fromMs, untilMs);
  } catch (error) {
    const isUnknownHere = timeZoneNames.has(name);
    throw new ExplainedError(
      {
        thing: `time zone "${name}"`,
        expected: 'an IANA time zone',
        observed: isUnknownHere ? 'the time-zone data of this Node does not have it' : 'it is not one',
        nextStep: isUnknownHere ? 'Use a newer Node.' : 'Write one such as UTC or Europe/Berlin.',
        // A Node that is too old says nothing about the platform.
        cause: isUnknownHere ? 'exposure-unknown' : 'schedule-rejected',
      },
      { cause: error },
    );
  }
}

function neverFires({ cron }: Times): ExplainedError {
  return new ExplainedError({
    thing: `schedule "${cron}"`,
    expected: 'a schedule that fires again and again',
    observed: 'it fires less than twice in eight years, so no backup is taken',
    nextStep: 'Correct the day and month fields.',
    cause: 'schedule-never-fires',
  });
}
