import { Cron } from 'croner';
import type { Schedule } from '../model/contract.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Eight years: every weekday and month end, and two leap days, occur in it. */
const HORIZON_DAYS = 8 * 365 + 3;

/**
 * The longest time that passes between two firings of a schedule, in milliseconds, daylight-saving changes included.
 *
 * The semantics are those of robfig/cron v3, which Kubernetes CronJobs and Velero schedules use: a time that a change of
 * the clock skips does not fire on that day; a time that it repeats fires twice.
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

function computeLongestGapMs(schedule: Schedule, firstDayMs: number): number {
  const wallClock = parseCron(schedule);
  const offsetMs = offsetReader(schedule);
  const days = [...(firesEveryDay(schedule) ? everyDay(firstDayMs) : activeDays(wallClock, firstDayMs))];
  const [someDay] = days;
  if (someDay === undefined || days.length < 2) throw neverFires(schedule);
  const timesOfDayMs = firingsOn(wallClock, someDay).map((firing) => firing - someDay);
  const gapWithinDayMs = longestStep(timesOfDayMs);

  let longestMs = gapWithinDayMs;
  let previousMs: number | undefined;
  for (const dayMs of days) {
    const changes = offsetMs(dayMs - DAY_MS) !== offsetMs(dayMs + 2 * DAY_MS);
    const instants = changes
      ? timesOfDayMs.flatMap((timeMs) => instantsOf(dayMs + timeMs, offsetMs)).sort((a, b) => a - b)
      : endsOf(timesOfDayMs).map((timeMs) => dayMs + timeMs - offsetMs(dayMs + timeMs));
    const [firstMs] = instants;
    if (firstMs === undefined) continue;
    if (previousMs !== undefined) longestMs = Math.max(longestMs, firstMs - previousMs);
    if (changes) longestMs = Math.max(longestMs, longestStep(instants));
    previousMs = instants.at(-1);
  }
  return longestMs;
}

function parseCron({ cron }: Schedule): Cron {
  try {
    return new Cron(cron, { mode: '5-part', timezone: 'UTC', paused: true });
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `schedule "${cron}"`,
        expected: 'a cron expression of five fields (minute hour day month weekday)',
        observed: `it cannot be read: ${summaryOf(error)}`,
        nextStep: 'Write it as the CronJob or the Velero schedule has it, e.g. "*/5 * * * *".',
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

/** Most schedules; they need no search, which for eight years of days takes longer than all the rest of loading a contract. */
const firesEveryDay = ({ cron }: Schedule): boolean => /^\S+\s+\S+(\s+\*){3}$/.test(cron.trim());

const everyDay = (firstDayMs: number): number[] =>
  Array.from({ length: HORIZON_DAYS }, (_, index) => firstDayMs + index * DAY_MS);

/** Midnights of the days on which the schedule fires, on a wall clock read as if it were UTC. */
function* activeDays(wallClock: Cron, firstDayMs: number): Generator<number> {
  let beforeMs = firstDayMs - 1;
  const endMs = firstDayMs + HORIZON_DAYS * DAY_MS;
  for (;;) {
    const next = wallClock.nextRun(new Date(beforeMs))?.getTime();
    if (next === undefined || next >= endMs) return;
    const dayMs = Math.floor(next / DAY_MS) * DAY_MS;
    yield dayMs;
    beforeMs = dayMs + DAY_MS - 1;
  }
}

function firingsOn(wallClock: Cron, dayMs: number): number[] {
  const firings: number[] = [];
  let next = wallClock.nextRun(new Date(dayMs - 1))?.getTime();
  while (next !== undefined && next < dayMs + DAY_MS) {
    firings.push(next);
    next = wallClock.nextRun(new Date(next))?.getTime();
  }
  return firings;
}

const longestStep = (sorted: readonly number[]): number =>
  sorted.reduce(
    (longest, value, index) => (index === 0 ? 0 : Math.max(longest, value - (sorted[index - 1] ?? value))),
    0,
  );

const endsOf = (sorted: readonly number[]): number[] =>
  [...new Set([sorted[0], sorted.at(-1)])].filter((v) => v !== undefined);

/** The instants at which a wall clock shows that time: one, none in the hour that is skipped, two in the one repeated. */
function instantsOf(wallMs: number, offsetMs: (instantMs: number) => number): number[] {
  const offsets = new Set([offsetMs(wallMs - DAY_MS), offsetMs(wallMs + DAY_MS)]);
  return [...offsets]
    .map((offset) => ({ offset, instant: wallMs - offset }))
    .filter(({ offset, instant }) => offsetMs(instant) === offset)
    .map(({ instant }) => instant);
}

/** Offset from UTC at an instant, in milliseconds. */
function offsetReader({ timeZone }: Schedule): (instantMs: number) => number {
  if (timeZone === 'UTC' || timeZone === 'Etc/UTC') return () => 0;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch (error) {
    throw new ExplainedError(
      {
        thing: `time zone "${timeZone}"`,
        expected: 'an IANA time zone',
        observed: 'it is not one',
        nextStep: 'Write one such as UTC or Europe/Berlin.',
      },
      { cause: error },
    );
  }
  const cache = new Map<number, number>();
  return (instantMs) => {
    const minuteMs = Math.floor(instantMs / MINUTE_MS) * MINUTE_MS;
    const known = cache.get(minuteMs);
    if (known !== undefined) return known;
    const parts = Object.fromEntries(format.formatToParts(minuteMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    const offset = Date.UTC(year, month - 1, day, hour, minute) - minuteMs;
    cache.set(minuteMs, offset);
    return offset;
  };
}
