import { timeZoneNames } from './time-zone-names.ts';

const DAY_MS = 86_400_000;
/** Time before and after a change of the clock in which each firing is computed separately. */
const UNSETTLED_MS = 49 * 3_600_000;

export interface Day {
  readonly year: number;
  /** Month from 1. */
  readonly month: number;
  readonly day: number;
  readonly daysInMonth: number;
  /** Weekday; 0 is Sunday. */
  readonly weekday: number;
}

/** A schedule that fires at the same times on all of its days. */
export interface DaySchedule {
  readonly isDay: (day: Day) => boolean;
  /** Times in milliseconds since midnight, ascending. */
  readonly timesOfDayMs: readonly number[];
  /**
   * Rule for times that a change of the clock skips or repeats. `every-pass`: a skipped time does not fire, a repeated one fires twice.
   * `first-pass`: a skipped time does not fire, a repeated one fires once. `caught-up`: a skipped time fires right after the change, a
   * repeated one fires once.
   */
  readonly onChange: 'every-pass' | 'first-pass' | 'caught-up';
}

/** Returns the longest time between two firings; undefined when the range has fewer than two. */
export function longestGapOfDays(
  schedule: DaySchedule,
  zone: TimeZone,
  fromMs: number,
  untilMs: number,
): number | undefined {
  const { timesOfDayMs } = schedule;
  const [firstMs = 0] = timesOfDayMs;
  const lastMs = timesOfDayMs.at(-1) ?? 0;
  const withinDayMs = timesOfDayMs.reduce(
    (longest, timeMs, index) => Math.max(longest, timeMs - (timesOfDayMs[index - 1] ?? timeMs)),
    0,
  );
  let longestMs = 0;
  let previousMs: number | undefined;
  const fire = (atMs: number) => {
    if (atMs < fromMs || atMs >= untilMs) return;
    longestMs = Math.max(longestMs, atMs - (previousMs ?? atMs));
    previousMs = atMs;
  };
  if (timesOfDayMs.length === 0) return undefined;
  for (let midnightMs = fromMs; midnightMs < untilMs; midnightMs += DAY_MS) {
    if (!schedule.isDay(dayOf(midnightMs))) continue;
    const isSettled = zone.changes.every(({ atMs }) => Math.abs(atMs - midnightMs) > UNSETTLED_MS);
    if (isSettled) {
      const offsetMs = zone.offsetMs(midnightMs);
      fire(midnightMs + firstMs - offsetMs);
      longestMs = Math.max(longestMs, withinDayMs);
      previousMs = midnightMs + lastMs - offsetMs;
    } else {
      for (const atMs of firingsOfDay(schedule, midnightMs, zone)) fire(atMs);
    }
  }
  return longestMs === 0 ? undefined : longestMs;
}

/** Yields all firings in the range, ascending. */
export function* firingsOfDays(
  schedule: DaySchedule,
  zone: TimeZone,
  fromMs: number,
  untilMs: number,
): Generator<number> {
  // A day of the zone may begin before, or end after, the UTC day.
  for (let midnightMs = fromMs - DAY_MS; midnightMs < untilMs + DAY_MS; midnightMs += DAY_MS) {
    if (!schedule.isDay(dayOf(midnightMs))) continue;
    yield* firingsOfDay(schedule, midnightMs, zone).filter((atMs) => atMs >= fromMs && atMs < untilMs);
  }
}

function firingsOfDay({ timesOfDayMs, onChange }: DaySchedule, midnightMs: number, zone: TimeZone): readonly number[] {
  return timesOfDayMs
    .flatMap((timeMs) => instantsOf(midnightMs + timeMs, zone, onChange))
    .toSorted((one, other) => one - other);
}

function dayOf(midnightMs: number): Day {
  const date = new Date(midnightMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const daysInMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return { year, month: month + 1, day: date.getUTCDate(), daysInMonth, weekday: date.getUTCDay() };
}

/** Returns the instants at which the wall clock shows this time, by the rule for changes. */
function instantsOf(wallMs: number, zone: TimeZone, onChange: DaySchedule['onChange']): readonly number[] {
  const offsets = new Set([zone.offsetMs(wallMs - DAY_MS), zone.offsetMs(wallMs + DAY_MS)]);
  const shown = [...offsets]
    .map((offsetMs) => wallMs - offsetMs)
    .filter((atMs) => atMs + zone.offsetMs(atMs) === wallMs)
    .toSorted((one, other) => one - other);
  if (shown.length > 0) return onChange === 'every-pass' ? shown : shown.slice(0, 1);
  if (onChange !== 'caught-up') return [];
  const change = zone.changes.find(({ atMs }) => Math.abs(atMs - wallMs) < DAY_MS);
  return change === undefined ? [] : [change.atMs];
}

const MINUTE_MS = 60_000;
/** Sampling interval. Changes of the clock are further apart than this. */
const SAMPLE_MS = 7 * DAY_MS;

/** A time zone within a range of time: offsets from UTC and their changes. */
export class TimeZone {
  /** Instants at which the offset changes, ascending, each with the new offset. */
  readonly changes: readonly { readonly atMs: number; readonly offsetMs: number }[];
  readonly #firstOffsetMs: number;

  /** @throws {Error} for a name that Go does not know; a RangeError for one that Go knows and this Node does not. */
  constructor(name: string, fromMs: number, untilMs: number) {
    if (!timeZoneNames.has(name)) throw new Error(`"${name}" is not an IANA time zone`);
    // `Factory` is a placeholder of the time-zone data without an offset. Go knows it and JavaScript does not.
    const read = offsetReader(name === 'Factory' ? 'UTC' : name);
    const changes: { atMs: number; offsetMs: number }[] = [];
    let beforeMs = fromMs;
    this.#firstOffsetMs = read(fromMs);
    let offsetMs = this.#firstOffsetMs;
    while (beforeMs < untilMs) {
      const atMs = Math.min(beforeMs + SAMPLE_MS, untilMs);
      const sampledMs = read(atMs);
      if (sampledMs !== offsetMs) {
        changes.push({ atMs: changeBetween(beforeMs, atMs, read), offsetMs: sampledMs });
      }
      offsetMs = sampledMs;
      beforeMs = atMs;
    }
    this.changes = changes;
  }

  offsetMs(instantMs: number): number {
    return this.changes.findLast(({ atMs }) => atMs <= instantMs)?.offsetMs ?? this.#firstOffsetMs;
  }

  /**
   * Returns the instant of a wall-clock time, like Go's time.Date. A skipped time becomes one before or after the gap; a repeated time
   * becomes one of the two.
   */
  instantOf(wallMs: number): number {
    const guessedMs = wallMs - this.offsetMs(wallMs);
    return wallMs - this.offsetMs(guessedMs);
  }
}

function changeBetween(beforeMs: number, afterMs: number, read: (instantMs: number) => number): number {
  const offset = read(beforeMs);
  let [low, high] = [beforeMs, afterMs];
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
    if (read(middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}

function offsetReader(timeZone: string): (instantMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (instantMs) => {
    const parts = Object.fromEntries(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(instantMs / MINUTE_MS) * MINUTE_MS;
  };
}
