import { describe, expect, it, vi } from 'vitest';
import { parseCron } from './cron-expression.ts';
import { nextFiring } from './cron-next.ts';
import { TimeZone } from './day-schedule.ts';
import { longestGapMs } from './schedule-gap.ts';

const from = new Date('2026-01-15T00:00:00Z');
const hours = (count: number) => count * 3_600_000;
const gap = (cron: string, timeZone = 'UTC') => longestGapMs({ cron, timeZone }, from);
const errorOf = (cron: string, timeZone: string): unknown => {
  try {
    return gap(cron, timeZone);
  } catch (error) {
    return error;
  }
};

describe('the longest gap of a schedule', () => {
  it('is the step of a regular schedule', () => {
    expect(gap('*/2 * * * *')).toBe(120_000);
    expect(gap('0 3 * * *')).toBe(hours(24));
    expect(gap('0 * * * *')).toBe(hours(1));
  });

  it.each(['TZ= 0 3 * * *', 'CRON_TZ=Local 0 3 * * *', 'CRON_TZ=Factory 0 3 * * *'])(
    'C05: reads "%s" as UTC, as Go does',
    (cron) => expect(gap(cron, 'Europe/Berlin')).toBe(hours(24)),
  );

  it('includes the uneven step at the end of an hour', () => {
    expect(gap('*/40 * * * *')).toBe(2_400_000);
    expect(gap('0 8-17 * * *')).toBe(hours(15));
  });

  it('includes weekends, month ends and leap days', () => {
    expect(gap('0 3 * * 1-5')).toBe(hours(72));
    expect(gap('0 0 31 * *')).toBe(hours(24 * 61));
    expect(gap('0 0 29 2 *')).toBeGreaterThan(hours(24 * 1_400));
  });

  it('counts a firing that daylight saving skips as missed', () => {
    expect(gap('30 2 * * *', 'America/New_York')).toBe(hours(47));
  });

  it.each(['0 3 * * *', '30 2 * * *', '*/40 1-4 * * *'])(
    'is the same for %s however "every day" is written',
    (cron) => {
      for (const timeZone of ['UTC', 'America/New_York', 'Europe/Berlin']) {
        expect(gap(cron, timeZone)).toBe(gap(cron.replace(/\*$/, '0-6'), timeZone));
      }
    },
  );

  it('is an hour longer where autumn puts an hour between two firings', () => {
    expect(gap('0 3 * * *', 'Europe/Berlin')).toBe(hours(25));
  });

  it('does not grow where a frequent schedule runs through both passes of a repeated hour', () => {
    expect(gap('*/30 * * * *', 'America/New_York')).toBe(hours(0.5));
  });

  it.each([
    ['61 * * * *', 'UTC', /cannot be read/],
    ['* * * * * *', 'UTC', /five fields.*it has 6 fields/],
    ['0 3 * * 7', 'UTC', /"7" is not within 0 to 6, as the weekday must be\. Kubernetes and Velero refuse it too/],
    [', * * * *', 'UTC', /fires less than twice/],
    ['0 3 * * *', 'europe/berlin', /IANA time zone/],
    ['0 0 30 2 *', 'UTC', /fires less than twice/],
    ['0 3 * * *', 'Mars/Olympus', /IANA time zone/],
  ])('refuses %s in %s', (cron, timeZone, message) => {
    expect(() => gap(cron, timeZone)).toThrow(message);
  });

  it.each([
    ['@daily', hours(24)],
    ['@hourly', hours(1)],
    ['@weekly', hours(24 * 7)],
    ['@monthly', hours(24 * 31)],
    ['@yearly', hours(24 * 366)],
    ['@every 6h', hours(6)],
    ['@every 1h30m', hours(1.5)],
    ['3/10 * * * *', 600_000],
    ['*/90 * * * *', hours(1)],
    ['? 3 * * *', hours(24) - 59 * 60_000],
    ['0 3 */2 * *', hours(48)],
    ['0 3 1 * 0', hours(24 * 7)],
  ])('B9: of "%s" is %i ms', (cron, gapMs) => {
    expect(gap(cron)).toBe(gapMs);
  });

  it('B9: does not depend on the time of day at which it is asked', () => {
    for (const cron of ['? 3 * * *', '*/7 2 * * *']) {
      const at = (time: string) => longestGapMs({ cron, timeZone: 'UTC' }, new Date(`2026-01-15T${time}Z`));
      expect(at('03:20:00')).toBe(at('00:00:00'));
    }
  });

  it('B9: counts a zone that stands in the expression', () => {
    expect(gap('CRON_TZ=America/New_York 30 2 * * *')).toBe(hours(47));
  });

  it('is remembered, and another schedule is another one', () => {
    expect([gap('0 3 * * *'), gap('0 */6 * * *')]).toEqual([hours(24), hours(6)]);
    const timeZoneRead = vi.spyOn(Intl, 'DateTimeFormat');
    expect(gap('0 3 * * *')).toBe(hours(24));
    expect(timeZoneRead).not.toHaveBeenCalled();
    timeZoneRead.mockRestore();
  });

  it.each([
    // Answers of robfig/cron v3.0.1. In one year of the horizon the clock skips the firing.
    ['30 2 25 3 *', 'Europe/Berlin', '2026-01-15', 24 * 730],
    // The first firing is at the start of the horizon, and the clock skips the second one.
    ['0 2 31 3 *', 'Europe/Berlin', '2029-03-31', 24 * 730],
    // The horizon begins in the middle of a local day.
    ['0 8-17 * * *', 'America/New_York', '2026-01-15', 16],
    ['0 0,12 * * *', 'Pacific/Auckland', '2026-01-15', 13],
    ['0 0,20 1,15 * *', 'America/Los_Angeles', '2026-01-15', 24 * 16 + 4],
  ])('B9: of "%s" in %s from %s on is %i hours', (cron, timeZone, day, count) => {
    expect(longestGapMs({ cron, timeZone }, new Date(`${day}T00:00:00Z`))).toBe(hours(count));
  });

  it.each([
    [
      '61 * * * *',
      'UTC',
      'schedule "61 * * * *": expected a cron expression of five fields (minute hour day month weekday), @daily or the like, or @every, but it cannot be read: "61" is not within 0 to 59, as the minute must be. Kubernetes and Velero refuse it too. Write five fields that Kubernetes takes, e.g. "*/5 * * * *".',
    ],
    [
      '0 3 * * *',
      'Mars/Olympus',
      'time zone "Mars/Olympus": expected an IANA time zone, but it is not one. Write one such as UTC or Europe/Berlin.',
    ],
    [
      '0 0 30 2 *',
      'UTC',
      'schedule "0 0 30 2 *": expected a schedule that fires again and again, but it fires less than twice in eight years, so no backup is taken. Correct the day and month fields.',
    ],
    [
      ', * * * *',
      'UTC',
      'schedule ", * * * *": expected a schedule that fires again and again, but it fires less than twice in eight years, so no backup is taken. Correct the day and month fields.',
    ],
  ])('of "%s" in %s cannot be told, and the error says why and what to do', (cron, timeZone, message) => {
    expect(errorOf(cron, timeZone)).toMatchObject({ name: 'ExplainedError', message });
  });

  it('keeps the cause of an error', () => {
    expect(errorOf('61 * * * *', 'UTC')).toHaveProperty('cause.message', expect.stringContaining('within 0 to 59'));
    expect(errorOf('0 3 * * *', 'Mars/Olympus')).toHaveProperty(
      'cause.message',
      '"Mars/Olympus" is not an IANA time zone',
    );
  });

  it('is that of a firing missed where half an hour is put in', () => {
    // Australia/Lord_Howe moves its clock by 30 minutes: robfig/cron then checks half past every hour, and misses 05:15.
    expect(gap('15 5 * * *', 'Australia/Lord_Howe')).toBe(hours(48.5));
  });
});

describe('days that are not computed firing by firing', () => {
  const EIGHT_YEARS_MS = hours(24) * (8 * 365 + 3);

  /** Computes the longest gap from every single firing, without a shortcut. */
  function walkedGapMs(cron: string, timeZone: string): number {
    const expression = parseCron(cron);
    if (expression.kind === 'every') throw new Error('it has no times of day');
    const untilMs = from.getTime() + EIGHT_YEARS_MS;
    const zone = new TimeZone(timeZone, from.getTime(), untilMs);
    let longestMs = 0;
    let previousMs = nextFiring(expression, from.getTime() - 1, zone);
    while (previousMs !== undefined) {
      const atMs = nextFiring(expression, previousMs, zone);
      if (atMs === undefined || atMs >= untilMs) break;
      longestMs = Math.max(longestMs, atMs - previousMs);
      previousMs = atMs;
    }
    return longestMs;
  }

  it.each([
    ['0 2,4 * * *', 'Etc/GMT-1'],
    ['30 1,2 * * *', 'Europe/Berlin'],
    ['30 2,3 * * *', 'America/New_York'],
    ['0 2,14 * * *', 'Europe/Berlin'],
    ['30 2,4,14 * * *', 'Europe/Berlin'],
    ['15 0,2,12 * * *', 'Australia/Lord_Howe'],
    ['0 0,12 * * *', 'America/Santiago'],
    ['45 23,0 * * 0', 'America/Sao_Paulo'],
    ['10 2,22 1 * *', 'Europe/Berlin'],
  ])('change nothing: %s in %s', (cron, timeZone) => {
    expect(gap(cron, timeZone)).toBe(walkedGapMs(cron, timeZone));
  });
});
