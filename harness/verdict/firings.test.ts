import { describe, expect, test } from 'vitest';
import { firingsOf } from './firings.ts';
import { longestGapMs } from './schedule-gap.ts';

const from = new Date('2026-11-28T00:00:00Z');

describe('the firings of a schedule', () => {
  test.each([
    ['30 2 * * *', 'Europe/Berlin', 'kubernetes'],
    ['0 1,2,22 * * 1-5', 'America/New_York', 'kubernetes'],
    ['0 0 29 2 *', 'UTC', 'kubernetes'],
    ['@every 6h', 'UTC', 'kubernetes'],
    ['30 2 * * *', 'Europe/Berlin', 'vixie'],
    ['0 3 1 * 0', 'Australia/Lord_Howe', 'vixie'],
    ['Mon *-*-* 02:30', 'Europe/Berlin', 'systemd'],
    ['*-*~01 00:00', 'Pacific/Auckland', 'systemd'],
  ] as const)('"%s" in %s of %s have its longest gap as their longest step', (cron, timeZone, scheduler) => {
    const schedule = { cron, timeZone, scheduler };
    const firings = firingsOf(schedule, from);
    const steps = firings.slice(1).map((atMs, index) => atMs - (firings[index] ?? atMs));
    expect(Math.min(...steps)).toBeGreaterThan(0);
    expect(steps.reduce((longest, step) => Math.max(longest, step), 0)).toBe(longestGapMs(schedule, from));
  });

  test('end after 100,000', () => {
    expect(firingsOf({ cron: '* * * * *', timeZone: 'UTC' }, from)).toHaveLength(100_000);
  });
});
