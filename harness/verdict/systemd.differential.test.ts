import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestGapMs } from './schedule-gap.ts';
import { parseSystemdCalendar } from './systemd-calendar.ts';
import { timeZoneNames } from './time-zone-names.ts';

// These tests give `systemd-analyze calendar` and this code the same expressions. The answers of systemd are right.

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
const isCi = (process.env['CI'] ?? '') !== '';
const from = new Date('2026-01-15T00:00:00Z');

/**
 * Returns the firings of an expression. It sets the zone as the machine's own, because a zone in the expression costs systemd a process for
 * each firing.
 */
function elapsesOf(expression: string, iterations: number, timeZone = 'UTC'): readonly number[] | undefined {
  const asked = spawnSync(
    'systemd-analyze',
    ['calendar', '--base-time=2026-01-14 23:59:59 UTC', `--iterations=${iterations}`, expression],
    { encoding: 'utf8', env: { ...process.env, TZ: timeZone, LC_ALL: 'C' }, maxBuffer: 2 ** 28 },
  );
  if (asked.status !== 0) return undefined;
  return [...asked.stdout.matchAll(/: \w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC$/gm)].map(([, date, time]) =>
    Date.parse(`${date}T${time}Z`),
  );
}

const isRead = (expression: string): boolean => {
  try {
    const { timeZone } = parseSystemdCalendar(expression);
    return timeZone === undefined || timeZoneNames.has(timeZone);
  } catch {
    return false;
  }
};

it('a CI machine has systemd-analyze, so that this comparison is never skipped there', () => {
  expect(hasSystemd || !isCi).toBe(true);
});

describe.skipIf(!hasSystemd)('systemd and this reader of OnCalendar expressions', () => {
  const list = (each: fc.Arbitrary<string>) =>
    fc.array(each, { minLength: 1, maxLength: 3 }).map((all) => all.join(','));
  const number = (high: number, low = 0) => {
    const one = fc.integer({ min: low, max: high + 2 }).map(String);
    const two = one.map((text) => text.padStart(2, '0'));
    const range = fc.tuple(one, two).map((parts) => parts.join('..'));
    const step = fc.tuple(fc.oneof(one, range), fc.integer({ min: 0, max: high })).map((parts) => parts.join('/'));
    return fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, list(fc.oneof(one, two, range, step)), step);
  };
  const weekday = fc.constantFrom('Mon', 'tue', 'Wednesday', 'Thu', 'FRI', 'Sat', 'Sun', 'Monday');
  const weekdays = list(
    fc.oneof(
      weekday,
      fc.tuple(weekday, weekday).map((parts) => parts.join('..')),
    ),
  );
  const date = fc
    .tuple(fc.constantFrom('*-', '*-', ''), number(12, 1), fc.constantFrom('-', '-', '-', '~'), number(31, 1))
    .map((parts) => parts.join(''));
  const time = fc
    .tuple(number(23), number(59), fc.option(number(59), { nil: undefined }))
    .map((parts) => parts.filter((part) => part !== undefined).join(':'));
  const zone = fc.constantFrom('', '', ' UTC', ' Europe/Berlin', ' America/New_York', ' Australia/Lord_Howe');
  const expression = fc
    .tuple(fc.constantFrom(1, 2, 3, 4, 5, 6, 7), weekdays, date, time, zone)
    .map(
      ([parts, ...[ofWeek, ofYear, ofDay, inZone]]) =>
        [parts & 1 ? ofWeek : '', parts & 2 ? ofYear : '', parts & 4 ? ofDay : '']
          .filter((part) => part !== '')
          .join(' ') + inZone,
    );

  it('C05: whatever is read here, systemd takes too', () => {
    const words = fc.constantFrom(
      ...'0123456789*/.,-~: '.split(''),
      'Mon',
      '..',
      'daily',
      '02:00',
      '*-*-',
      'UTC',
      'weekly',
    );
    const junk = fc.array(words, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
    const samples = [
      ...fc.sample(expression, { numRuns: 700, seed: 5 }),
      ...fc.sample(junk, { numRuns: 700, seed: 6 }),
      ...['minutely', 'hourly', 'Daily', 'WEEKLY', 'monthly', 'quarterly', 'semiannually', 'yearly', 'annually'],
    ];
    const read = samples.filter(isRead);
    expect(read.length).toBeGreaterThan(150);
    expect(read.filter((each) => elapsesOf(each, 1) === undefined)).toEqual([]);
  }, 300_000);

  it.each([
    ...[
      ['daily', 'UTC'],
      ['hourly', 'UTC'],
      ['Mon *-*-*', 'Europe/Berlin'],
      ['Mon..Fri 02:30', 'Europe/Berlin'],
    ],
    ...[
      ['02:30', 'Europe/Berlin'],
      ['*-*-* 0/6:0', 'America/New_York'],
      ['*-*~1 03:00', 'UTC'],
      ['*:0/30', 'Europe/Berlin'],
    ],
    ...[
      ['*-*-1..7/2 00,12:15', 'UTC'],
      ['Sat,Sun 23:59:59', 'Asia/Beirut'],
      ['*-1/3-1 04:00', 'UTC'],
    ],
    ...[
      ['02:00', 'Australia/Lord_Howe'],
      ['Sun *-*-1..7 02:00', 'Europe/London'],
      ['00:00', 'America/Havana'],
    ],
  ] as const)('C05: "%s" (%s) has the same longest gap in both', (cron, timeZone) => {
    const elapses = elapsesOf(cron, 40_000, timeZone) ?? [];
    const within = elapses.filter((atMs) => atMs < from.getTime() + 2 * 365 * 86_400_000);
    expect(longestGapMs({ cron, timeZone, scheduler: 'systemd' }, from)).toBe(longestStepOf(within));
  });

  it('C05: random expressions have no longer gap there than is computed here', () => {
    const read = fc
      .sample(expression, { numRuns: 4_000, seed: 8 })
      .filter((each) => !/[A-Z]\w+$/.test(each) && isRead(each));
    const asked = read.slice(0, 250).map((cron, index) => [cron, index % 2 === 0 ? 'UTC' : 'Europe/Berlin'] as const);
    expect(asked.length).toBe(250);
    const wrong = asked.filter(([cron, timeZone]) => {
      const elapses = elapsesOf(cron, 200, timeZone) ?? [];
      const reachedMs = (elapses.at(-1) ?? 0) - from.getTime();
      if (elapses.length < 2 || reachedMs > 7.9 * 365 * 86_400_000) return false;
      return longestStepOf(elapses) > longestGapMs({ cron, timeZone, scheduler: 'systemd' }, from);
    });
    expect(wrong).toEqual([]);
  }, 900_000);
});

const longestStepOf = (sorted: readonly number[]): number =>
  sorted.reduce((longest, atMs, index) => Math.max(longest, atMs - (sorted[index - 1] ?? atMs)), 0);
