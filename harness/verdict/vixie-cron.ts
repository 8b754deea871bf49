import type { Day, DaySchedule } from './day-schedule.ts';

// The grammar of crontab(5) of Vixie cron, as Debian's cron and cronie read it. An expression that they read differently is refused.
// https://manpages.debian.org/bookworm/cron/crontab.5.en.html

interface Bounds {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const MINUTE: Bounds = { name: 'minute', low: 0, high: 59 };
const HOUR: Bounds = { name: 'hour', low: 0, high: 23 };
const DAY_OF_MONTH: Bounds = { name: 'day of month', low: 1, high: 31 };
const MONTH: Bounds = {
  name: 'month',
  low: 1,
  high: 12,
  names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
};
const DAY_OF_WEEK: Bounds = {
  name: 'weekday',
  low: 0,
  high: 7,
  names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
};

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const MINUTE_MS = 60_000;

/** @throws {Error} with the reason, for an expression that a crontab does not accept, and for `@reboot`, which has no time. */
export function parseVixieCron(text: string): DaySchedule {
  if (text.startsWith('@reboot')) throw new Error('@reboot runs when the machine starts, and at no time of day');
  const nickname = text.startsWith('@') ? NICKNAMES[text.trim()] : text;
  if (nickname === undefined) throw new Error(`"${text}" is none of ${Object.keys(NICKNAMES).join(', ')}`);
  const fields = nickname.split(/[ \t]+/).filter((field) => field !== '');
  if (fields.length !== 5) throw new Error(`it has ${fields.length} ${fields.length === 1 ? 'field' : 'fields'}`);
  const [minutes = '', hours = '', days = '', months = '', weekdays = ''] = fields;
  const minute = valuesOf(minutes, MINUTE);
  const hour = valuesOf(hours, HOUR);
  const dayOfMonth = valuesOf(days, DAY_OF_MONTH);
  const month = valuesOf(months, MONTH);
  const dayOfWeek = valuesOf(weekdays, DAY_OF_WEEK);
  // 0 and 7 are both Sunday.
  if (dayOfWeek.has(7)) dayOfWeek.add(0);
  // A field that begins with a star counts as one, even "*/2". A day must then match both fields; otherwise one of them is enough.
  const both = days.startsWith('*') || weekdays.startsWith('*');
  return {
    isDay: ({ month: of, day, weekday }: Day) =>
      month.has(of) &&
      (both ? dayOfMonth.has(day) && dayOfWeek.has(weekday) : dayOfMonth.has(day) || dayOfWeek.has(weekday)),
    timesOfDayMs: sorted(hour).flatMap((h) => sorted(minute).map((m) => (h * 60 + m) * MINUTE_MS)),
    // cron(8): jobs at a fixed time are caught up after the clock moves forward, and not repeated after it moves back.
    onChange: minutes.startsWith('*') || hours.startsWith('*') ? 'every-pass' : 'caught-up',
  };
}

const sorted = (values: ReadonlySet<number>): readonly number[] => [...values].toSorted((one, other) => one - other);

function valuesOf(text: string, bounds: Bounds): Set<number> {
  const values = new Set<number>();
  for (const range of text.split(',')) {
    const { start, end, step } = rangeOf(range, bounds);
    for (let value = start; value <= end; value += step) values.add(value);
  }
  return values;
}

function rangeOf(text: string, bounds: Bounds) {
  const [, low = '', high, stepText] = /^([^-/]+)(?:-([^-/]+))?(?:\/([^/]+))?$/.exec(text) ?? [];
  if (low === '') throw new Error(`"${text}" is not a ${bounds.name}`);
  const isStar = low === '*';
  if (isStar && high !== undefined) throw new Error(`"${text}" is not a range`);
  if (!isStar && high === undefined && stepText !== undefined) {
    throw new Error(
      `"${text}" has a step without a range, which some crons refuse and others ignore: write ${low}-${bounds.high}/${stepText}`,
    );
  }
  const start = isStar ? bounds.low : numberIn(low, bounds);
  const end = isStar ? bounds.high : high === undefined ? start : numberIn(high, bounds);
  const step = stepText === undefined ? 1 : numberOf(stepText);
  if (start < bounds.low || end > bounds.high) {
    throw new Error(`"${text}" is not within ${bounds.low} to ${bounds.high}, as the ${bounds.name} must be`);
  }
  if (start > end) throw new Error(`"${text}" begins after its end`);
  if (step === 0) throw new Error(`"${text}" has a step of zero`);
  return { start, end, step };
}

function numberIn(text: string, { names = [], low }: Bounds): number {
  const index = names.indexOf(text.toLowerCase());
  return index === -1 ? numberOf(text) : index + low;
}

function numberOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`"${text}" is not a number`);
  return Number(text);
}
