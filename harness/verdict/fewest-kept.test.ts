import { expect, it } from 'vitest';
import { fewestWithin } from './firings.ts';
import { longestGapMs } from './schedule-gap.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const from = new Date('2026-11-28T12:00:00Z');
const fewest = (cron: string, lengthMs: number, timeZone = 'UTC') =>
  fewestWithin({ cron, timeZone }, from, longestGapMs({ cron, timeZone }, from), lengthMs);

it.each<[string, number, number, string?]>([
  ['0 2 * * *', 30 * DAY_MS, 30],
  ['0 2 * * *', DAY_MS - 1, 0],
  ['0 2 * * *', 30 * DAY_MS - HOUR_MS, 29],
  ['0 2 * * 1-5', 30 * DAY_MS, 20],
  ['0 2 * * 1-5', 3 * DAY_MS - 1, 0],
  ['0 2 * * 1-5', 7 * DAY_MS, 5],
  ['0 3 * * *', 30 * DAY_MS, 29, 'Europe/Berlin'],
  ['30 2 * * *', 30 * DAY_MS, 29, 'Europe/Berlin'],
  ['0 0 1 * *', 365 * DAY_MS, 11],
  ['0,5 * * * *', DAY_MS, 48],
  ['* * * * *', DAY_MS, 1_440],
])('C24: "%s" makes so many recovery points in any %i ms: %i', (cron, lengthMs, made, timeZone) => {
  expect(fewest(cron, lengthMs, timeZone)).toBe(made);
});
