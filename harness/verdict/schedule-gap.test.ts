import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestGapMs } from './schedule-gap.ts';

const from = new Date('2026-01-15T00:00:00Z');
const hours = (count: number) => count * 3_600_000;
const gap = (cron: string, timeZone = 'UTC') => longestGapMs({ cron, timeZone }, from);

describe('the longest gap of a schedule', () => {
  it('is the step of a regular schedule', () => {
    expect(gap('*/2 * * * *')).toBe(120_000);
    expect(gap('0 3 * * *')).toBe(hours(24));
    expect(gap('0 * * * *')).toBe(hours(1));
  });

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
    ['* * * * * *', 'UTC', /five fields/],
    ['0 0 30 2 *', 'UTC', /fires less than twice/],
    ['0 3 * * *', 'Mars/Olympus', /IANA time zone/],
  ])('refuses %s in %s', (cron, timeZone, message) => {
    expect(() => gap(cron, timeZone)).toThrow(message);
  });

  // Every seventh minute of every hour: fewer would end before the first weekend.
  const TWO_WEEKS_OF_FIRINGS = 9 * 24 * 14;

  it('equals the longest step of the firings themselves', () => {
    const minute = fc.oneof(fc.constant('*/7'), fc.integer({ min: 0, max: 59 }).map(String), fc.constant('5,50'));
    const hour = fc.oneof(fc.constant('*'), fc.constant('*/5'), fc.integer({ min: 0, max: 23 }).map(String));
    const weekday = fc.oneof(fc.constant('*'), fc.constant('1-5'), fc.integer({ min: 0, max: 6 }).map(String));
    fc.assert(
      fc.property(minute, hour, weekday, (m, h, w) => {
        const cron = `${m} ${h} * * ${w}`;
        const firings = new Cron(cron, { mode: '5-part', timezone: 'UTC' }).nextRuns(TWO_WEEKS_OF_FIRINGS, from);
        let longest = 0;
        for (const [index, firing] of firings.entries()) {
          const previous = firings[index - 1];
          if (previous !== undefined) longest = Math.max(longest, firing.getTime() - previous.getTime());
        }
        expect(gap(cron)).toBeGreaterThanOrEqual(longest);
        if (firings.length > 0 && h !== '*') expect(gap(cron)).toBe(longest);
      }),
      { numRuns: 5 },
    );
  }, 60_000);
});
