import type { Schedule } from '../model/contract.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { type CronExpression, type CronFields, parseCron } from './cron-expression.ts';
import { isDay, nextFiring } from './cron-next.ts';
import { TimeZone } from './time-zone.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Eight years: every weekday and month end, and two leap days, occur in it. */
const HORIZON_MS = (8 * 365 + 3) * DAY_MS;
/** A search for the next firing may look so far beyond the horizon. */
const SEARCHED_MS = 6 * 366 * DAY_MS;
/** So long before and after a change of the clock each firing is computed by itself: it moves hours and midnights. */
const UNSETTLED_MS = 49 * 3_600_000;

/**
 * The longest time that passes between two firings of a schedule, in milliseconds, daylight-saving changes included.
 *
 * The semantics are those of robfig/cron v3, which Kubernetes CronJobs and Velero schedules use: a time that a change of
 * the clock skips does not fire on that day; a time that it repeats fires twice. `@every` has its interval as its gap.
 * @param from where the eight-year horizon starts; any instant gives the same answer but for changes of time-zone rules.
 * @throws {ExplainedError} for an expression or a time zone that cannot be read, or a schedule that never fires.
 */
export function longestGapMs(schedule: Schedule, from: Date): number {
  const firstDayMs = Math.floor(from.getTime() / DAY_MS) * DAY_MS;
  const key = `${schedule.cron}|${schedule.timeZone}|${firstDayMs}`;
  const known = gaps.get(key);
  if (known !== undefined) return known;
  const gapMs = computeLongestGapMs(schedule, firstDayMs);
  gaps.set(key, gapMs);
  return gapMs;
}

/** Walking eight years of days takes a noticeable part of a second; a run asks for the same schedule in every drill. */
const gaps = new Map<string, number>();

function computeLongestGapMs(schedule: Schedule, fromMs: number): number {
  const expression = expressionOf(schedule);
  if (expression.kind === 'every') return expression.everyMs;
  const zone = zoneOf(expression.timeZone ?? schedule.timeZone, fromMs);
  const untilMs = fromMs + HORIZON_MS;
  const timesOfDayMs = timesOfDay(expression);
  if (timesOfDayMs.length === 0) throw neverFires(schedule);
  const walk = new Walk(expression, timesOfDayMs, zone, fromMs - 1);
  for (const { atMs } of [...zone.changes.filter((change) => change.atMs < untilMs), { atMs: untilMs }]) {
    walk.throughCalmTime(Math.min(atMs, untilMs) - UNSETTLED_MS);
    walk.oneByOneUntil(Math.min(atMs + UNSETTLED_MS, untilMs));
  }
  if (walk.firings < 2) throw neverFires(schedule);
  return walk.longestMs;
}

/** Goes from firing to firing, and remembers the longest step. */
class Walk {
  longestMs = 0;
  firings = 0;
  readonly #schedule: CronFields;
  readonly #zone: TimeZone;
  readonly #timesOfDayMs: readonly number[];
  #atMs: number;

  constructor(schedule: CronFields, timesOfDayMs: readonly number[], zone: TimeZone, startMs: number) {
    this.#schedule = schedule;
    this.#zone = zone;
    this.#timesOfDayMs = timesOfDayMs;
    this.#atMs = startMs;
  }

  /** Between two changes of the clock the firings are those of the wall: whole days are taken at once. */
  throughCalmTime(untilMs: number): void {
    if (this.firings === 0) this.oneByOneUntil(this.#atMs + 1);
    const offsetMs = this.#zone.offsetMs(this.#atMs);
    const nextChange = this.#zone.changes.find(({ atMs }) => atMs > this.#atMs);
    const endMs = Math.min(untilMs, nextChange?.atMs ?? untilMs);
    const [first = 0] = this.#timesOfDayMs;
    const last = this.#timesOfDayMs.at(-1) ?? 0;
    const withinDayMs = longestStep(this.#timesOfDayMs);
    const nextDayMs = Math.floor((this.#atMs + offsetMs) / DAY_MS) * DAY_MS + DAY_MS;
    this.#restOfDay(nextDayMs - DAY_MS - offsetMs, endMs);
    for (let dayMs = nextDayMs; dayMs + last - offsetMs < endMs; dayMs += DAY_MS) {
      if (!fires(this.#schedule, dayMs)) continue;
      this.#step(dayMs + first - offsetMs);
      this.longestMs = Math.max(this.longestMs, withinDayMs);
      this.#atMs = dayMs + last - offsetMs;
    }
  }

  oneByOneUntil(untilMs: number): void {
    while (this.#atMs < untilMs) {
      const next = nextFiring(this.#schedule, this.#atMs, this.#zone);
      if (next === undefined) {
        this.#atMs = Number.POSITIVE_INFINITY;
        return;
      }
      this.#step(next);
    }
  }

  #restOfDay(midnightMs: number, endMs: number): void {
    for (const timeMs of this.#timesOfDayMs) {
      const firingMs = midnightMs + timeMs;
      if (firingMs > this.#atMs && firingMs < endMs) this.#step(firingMs);
    }
  }

  #step(toMs: number): void {
    if (this.firings > 0) this.longestMs = Math.max(this.longestMs, toMs - this.#atMs);
    this.firings += 1;
    this.#atMs = toMs;
  }
}

function timesOfDay({ hour, minute }: CronFields): readonly number[] {
  const times: number[] = [];
  for (let timeMs = 0; timeMs < DAY_MS; timeMs += MINUTE_MS) {
    const minutes = timeMs / MINUTE_MS;
    if (hour.matches(Math.floor(minutes / 60)) && minute.matches(minutes % 60)) times.push(timeMs);
  }
  return times;
}

/** @param dayMs midnight on a wall clock that is read as if it were UTC. */
function fires(schedule: CronFields, dayMs: number): boolean {
  const day = new Date(dayMs);
  return (
    schedule.month.matches(day.getUTCMonth() + 1) &&
    isDay(schedule, { day: day.getUTCDate(), weekday: day.getUTCDay() })
  );
}

const longestStep = (sorted: readonly number[]): number =>
  sorted.reduce((longest, value, index) => Math.max(longest, value - (sorted[index - 1] ?? value)), 0);

function expressionOf({ cron }: Schedule): CronExpression {
  try {
    return parseCron(cron);
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `schedule "${cron}"`,
        expected: 'a cron expression of five fields (minute hour day month weekday), @daily or the like, or @every',
        observed: `it cannot be read: ${summaryOf(error)}. Kubernetes and Velero refuse it too`,
        nextStep: 'Write it as the CronJob or the Velero schedule has it, e.g. "*/5 * * * *".',
      },
      { cause: error },
    );
  }
}

function zoneOf(name: string, fromMs: number): TimeZone {
  try {
    return new TimeZone(name, fromMs - UNSETTLED_MS, fromMs + HORIZON_MS + SEARCHED_MS);
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `time zone "${name}"`,
        expected: 'an IANA time zone',
        observed: 'it is not one',
        nextStep: 'Write one such as UTC or Europe/Berlin.',
      },
      { cause: error },
    );
  }
}

function neverFires({ cron }: Schedule): ExplainedError {
  return new ExplainedError({
    thing: `schedule "${cron}"`,
    expected: 'a schedule that fires again and again',
    observed: 'it fires less than twice in eight years',
    nextStep: 'Correct the day and month fields.',
  });
}
