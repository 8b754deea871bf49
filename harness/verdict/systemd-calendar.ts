import type { Day, DaySchedule } from './day-schedule.ts';

// Parser for OnCalendar= of systemd.time(7), without years and fractions of a second. A test compares it with `systemd-analyze calendar`.

export interface CalendarSchedule extends DaySchedule {
  /** Time zone at the end of the expression. It overrides any other. */
  readonly timeZone: string | undefined;
}

const SHORTHANDS: Readonly<Record<string, string>> = {
  minutely: '*-*-* *:*:00',
  hourly: '*-*-* *:00:00',
  daily: '*-*-* 00:00:00',
  weekly: 'Mon *-*-* 00:00:00',
  monthly: '*-*-01 00:00:00',
  quarterly: '*-01,04,07,10-01 00:00:00',
  semiannually: '*-01,07-01 00:00:00',
  yearly: '*-01-01 00:00:00',
  annually: '*-01-01 00:00:00',
};
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const SECOND_MS = 1_000;

/** @throws {Error} with the reason, for an expression that systemd refuses, or that this code cannot compute. */
export function parseSystemdCalendar(text: string): CalendarSchedule {
  const words = (SHORTHANDS[text.trim().toLowerCase()] ?? text).split(' ').filter((word) => word !== '');
  const weekdays = /^[a-z]/i.test(words[0] ?? '') ? weekdaysOf(words.shift() ?? '') : undefined;
  const date = /^[^:]*[-~][^:]*$/.test(words[0] ?? '') && /^[\d*]/.test(words[0] ?? '') ? words.shift() : undefined;
  const time = words[0]?.includes(':') === true ? words.shift() : undefined;
  const [timeZone, ...rest] = words;
  if (rest.length > 0) throw new Error(`"${rest.join(' ')}" follows its time zone`);
  if (weekdays === undefined && date === undefined && time === undefined) {
    throw new Error(`"${text}" names neither days nor a time, such as "Mon..Fri 02:00"`);
  }
  const isDate = dateOf(date ?? '*-*-*');
  return {
    isDay: (day) => isDate(day) && (weekdays === undefined || weekdays.has(day.weekday)),
    timesOfDayMs: timesOf(time ?? '00:00:00'),
    onChange: 'first-pass',
    timeZone: timeZone?.toUpperCase() === 'UTC' ? 'UTC' : timeZone,
  };
}

function weekdaysOf(text: string): ReadonlySet<number> {
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first = '', last = first, ...more] = part.split('..');
    // Sunday is the last day of a week.
    const [start, end] = [weekdayOf(first), weekdayOf(last)].map((day) => (day === 0 ? 7 : day));
    if (start === undefined || end === undefined || more.length > 0 || start > end) {
      throw new Error(`"${part}" is not a range of weekdays such as Mon..Fri, which ends on Sun at the latest`);
    }
    for (let day = start; day <= end; day += 1) days.add(day % 7);
  }
  return days;
}

function weekdayOf(text: string): number {
  const index = WEEKDAYS.findIndex((name) => name === text.toLowerCase() || name.slice(0, 3) === text.toLowerCase());
  if (index === -1) throw new Error(`"${text}" is not a weekday`);
  return index;
}

function dateOf(text: string): (day: Day) => boolean {
  const parts = /^(?:([^-~]+)-)?([^-~]+)([-~])([^-~]+)$/.exec(text);
  if (parts === null) throw new Error(`"${text}" is not a date such as *-*-01`);
  const [, year = '*', month = '', separator, day = ''] = parts;
  if (year !== '*')
    throw new Error(`"${text}" names years, after which no backup is taken: write *-${month}${separator}${day}`);
  const months = valuesOf(month, 'month', 1, 12);
  if (separator === '~' && day !== '*' && !/^[\d,]+$/.test(day)) {
    throw new Error(
      `"${text}" counts ranges from the end of the month, which cannot be computed here: list the days, as in *-*~1,2`,
    );
  }
  const days = valuesOf(day, 'day', 1, 31);
  return ({ month: of, day: at, daysInMonth }) => months(of) && days(separator === '~' ? daysInMonth + 1 - at : at);
}

function timesOf(text: string): readonly number[] {
  const [hour = '', minute = '', second = '0', ...more] = text.split(':');
  if (more.length > 0) throw new Error(`"${text}" is not a time such as 02:00 or 02:00:30`);
  const inHour = valuesOf(hour, 'hour', 0, 23);
  const inMinute = valuesOf(minute, 'minute', 0, 59);
  const inSecond = valuesOf(second, 'second', 0, 59);
  const seconds = numbers(0, 59).filter(inSecond);
  return numbers(0, 23)
    .filter(inHour)
    .flatMap((h) =>
      numbers(0, 59)
        .filter(inMinute)
        .flatMap((m) => seconds.map((s) => ((h * 60 + m) * 60 + s) * SECOND_MS)),
    );
}

/** Parses a list of numbers, ranges `a..b` and repetitions `a/step` and `a..b/step`, or a star. */
function valuesOf(text: string, name: string, low: number, high: number): (value: number) => boolean {
  if (text === '*') return () => true;
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [, from, to, repeat] = /^(\d{1,4})(?:\.\.(\d{1,4}))?(?:\/(\d{1,4}))?$/.exec(part) ?? [];
    if (from === undefined) throw new Error(`"${part}" is not a ${name}`);
    const start = Number(from);
    const end = to === undefined ? (repeat === undefined ? start : high) : Number(to);
    const step = repeat === undefined ? 1 : Number(repeat);
    if (start < low || end > high) throw new Error(`"${part}" is not within ${low} to ${high}, as the ${name} must be`);
    if (start > end) throw new Error(`"${part}" begins after its end`);
    if (step === 0) throw new Error(`"${part}" has a step of zero`);
    if (repeat !== undefined && start + step > high) {
      throw new Error(`"${part}" repeats beyond the last ${name}, which systemd refuses`);
    }
    if (repeat !== undefined && to === undefined && start > low) {
      throw new Error(
        `"${part}" leaves out ${start} where the next larger field changes (systemd 252): write ${start}..${high}/${step}`,
      );
    }
    for (let value = start; value <= end; value += step) values.add(value);
  }
  return (value) => values.has(value);
}

const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
