import { describe, expect, it } from 'vitest';
import { longestGapMs } from './schedule-gap.ts';

const from = new Date('2026-01-15T00:00:00Z');
const hours = (cron: string, timeZone = 'UTC') =>
  longestGapMs({ cron, timeZone, scheduler: 'vixie' }, from) / 3_600_000;

describe('a schedule by the rules of a crontab', () => {
  it.each([
    ['0 2 * * 7', 168],
    ['0 2 * * 0', 168],
    ['0 2 * * 0-7', 24],
    ['0 2 * * 5-7', 120],
    ['0 2 * * Sun', 168],
    ['0 2 * * mon-fri', 72],
    ['0 2 1 JAN *', 366 * 24],
    ['*/40 * * * *', 40 / 60],
    ['0 */5 * * *', 5],
    ['5-59/15 * * * *', 0.25],
    ['@daily', 24],
    ['@weekly', 168],
    ['@hourly', 1],
    ['@annually', 366 * 24],
    ['0\t2 * * *', 24],
  ])('C05: "%s" lets %d hours pass', (cron, expected) => {
    expect(hours(cron)).toBeCloseTo(expected, 6);
  });

  it('C05: fires on days of the month or of the week where neither field begins with a star, and on both otherwise', () => {
    expect(hours('0 0 1,15 * 1')).toBe(168);
    // "*/2" begins with a star, so it means only Mondays on odd days.
    expect(hours('0 0 */2 * 1')).toBeGreaterThan(168);
    expect(hours('0 0 1-31/2 * 1')).toBeLessThanOrEqual(48);
    expect(hours('0 0 13 * */5')).toBeGreaterThan(24 * 31);
  });

  it('C05: catches up what a change of the clock skips, and does not repeat what it repeats', () => {
    expect(hours('30 2 * * *', 'Europe/Berlin')).toBe(25);
    expect(hours('*/30 * * * *', 'Europe/Berlin')).toBe(0.5);
  });

  it.each([
    ['@reboot', /when the machine starts/],
    ['@every 6h', /none of @yearly/],
    ['0 2 * * 8', /not within 0 to 7/],
    ['0 2 L * *', /not a number/],
    ['0 2 * * 5#2', /not a number/],
    ['0 2 15W * *', /not a number/],
    ['? 2 * * *', /not a number/],
    ['5/15 * * * *', /write 5-59\/15/],
    ['0 2 * * sat-mon', /begins after its end/],
    ['60 * * * *', /not within 0 to 59/],
    ['*/0 * * * *', /step of zero/],
    ['0 2 * *', /it has 4 fields/],
    ['0 2 * * * root', /it has 6 fields/],
    ['CRON_TZ=UTC 0 2 * * *', /it has 6 fields/],
    ['1,,2 * * * *', /not a minute/],
    ['-1 * * * *', /not a minute/],
    ['0 0 30 2 *', /less than twice in eight years/],
    ['', /it has 0 fields/],
  ])('C05: refuses "%s", and says why', (cron, message) => {
    expect(() => hours(cron)).toThrow(message);
  });
});
