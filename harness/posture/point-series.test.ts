import { describe, expect, it } from 'vitest';
import type { ObservedRecoveryPoint } from '../model/posture.ts';
import { seriesOf } from './point-series.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const nowMs = Date.parse('2026-03-01T12:00:00Z');
const point = (hoursAgo: number, more: Partial<ObservedRecoveryPoint> = {}): ObservedRecoveryPoint => {
  const captureBegan = new Date(nowMs - hoursAgo * HOUR_MS).toISOString();
  return { id: `${hoursAgo} h ago`, captureBegan, durable: captureBegan, outcome: 'succeeded', said: '', ...more };
};
const due = { everyMs: DAY_MS, freshWithinMs: 25 * HOUR_MS };
const series = (hoursAgo: readonly number[]) =>
  seriesOf(
    hoursAgo.toSorted((one, other) => one - other).map((each) => point(each)),
    nowMs,
    due,
  );

describe('a series of recovery points', () => {
  it('C08: counts what is missing between neighbours, whatever was tried again elsewhere', () => {
    const tries = Array.from({ length: 10 }, (_, index) => 240 - index);
    expect(series([...tries, 2])).toMatchObject({ counted: 11, succeeded: 11, missed: 9, failed: 9, surplus: 9 });
    expect(series([...tries, 2]).longestGap).toEqual({ gapMs: 229 * HOUR_MS, after: '231 h ago', before: '2 h ago' });
  });

  it('C08: counts what a series lacks that is steadily too slow, though no gap lacks one', () => {
    const everyEighthHour = Array.from({ length: 91 }, (_, index) => 2 + index * 8);
    const points = everyEighthHour.map((each) => point(each));
    const sixHourly = { everyMs: 6 * HOUR_MS, freshWithinMs: 9 * HOUR_MS };
    expect(seriesOf(points, nowMs, sixHourly)).toMatchObject({ succeeded: 91, missed: 30 });
    expect(seriesOf(points, nowMs, { ...sixHourly, everyMs: 8 * HOUR_MS }).missed).toBe(0);
  });

  it('C08: counts what was caught up after an outage as one', () => {
    const caughtUp = Array.from({ length: 380 }, (_, index) => 2 - index / 1_000);
    expect(series([...caughtUp, 15 * 24, 16 * 24])).toMatchObject({ missed: 14, surplus: 379 });
  });

  it.each([
    ['one a day', [1, 25, 49, 73], 0],
    ['one a day, some a little late', [1, 25.3, 48.8, 73.1], 0],
    ['the days on which the clock changes', [1, 26, 49, 73], 0],
    ['one that is missing, the next one a little early', [1, 48.9], 1],
    ['one that may still come', [24.9, 47.9], 0],
    ['one that should have come', [25.1, 48.1], 1],
    ['two that should have come', [50, 74], 2],
    ['none at all', [], 0],
  ])('C08: misses, of %s, as many as are due', (_, hoursAgo, missed) => {
    expect(series(hoursAgo)).toMatchObject({ missed });
  });

  it('C08: counts a failed attempt in a gap once', () => {
    const failed = point(25, { outcome: 'failed', durable: null });
    const points = [point(1), failed, point(49)];
    expect(seriesOf(points, nowMs, due)).toMatchObject({ missed: 0, failed: 1, succeeded: 2 });
  });

  it('C07: leaves out what claims to be newer than now, or than its own upload', () => {
    const year = point(-365 * 24, { id: 'next year', durable: new Date(nowMs - 40 * DAY_MS).toISOString() });
    const local = point(22, { id: 'local time', durable: new Date(nowMs - 30 * HOUR_MS).toISOString() });
    const found = seriesOf([year, point(1), local, point(25)], nowMs, due);
    expect(found).toMatchObject({ counted: 2, succeeded: 2, ahead: { count: 2, first: { id: 'next year' } } });
    expect(found.points.map(({ id }) => id)).toEqual(['1 h ago', '25 h ago']);
  });

  it('C07: takes no second of S3, which tells whole ones, for a claim of the future', () => {
    const durable = new Date(nowMs - HOUR_MS - 30_000).toISOString();
    expect(seriesOf([point(1, { durable })], nowMs, due)).not.toHaveProperty('ahead');
  });

  it('knows nothing of missing ones where nobody says how often one is due', () => {
    expect(seriesOf([point(1), point(400)], nowMs, undefined)).toMatchObject({ missed: 0 });
  });
});
