import { z } from 'zod';
import { ExplainedError } from '../model/errors.ts';
import { type ObservedRecoveryPoint, POINTS_LISTED, type RecoveryPointsObservation } from '../model/posture.ts';
import { readerOfPattern } from '../systems/s3/point-names.ts';
import type { PointLayout } from '../systems/s3/recovery-points.ts';
import { TimeZone } from '../verdict/day-schedule.ts';
import { timeZoneNames } from '../verdict/time-zone-names.ts';

/** Recorded form of a list of recovery points. */
type PointSeries = Pick<
  RecoveryPointsObservation,
  'counted' | 'succeeded' | 'failed' | 'missed' | 'surplus' | 'longestGap' | 'ahead' | 'points'
>;

interface DueIn {
  readonly everyMs: number;
  readonly freshWithinMs: number;
}

/** Tolerance for the difference between this machine's clock and S3's, which has whole seconds. */
const CLOCK_SKEW_MS = 60_000;

/**
 * Counts recovery points, newest first, and the gaps between neighbours. Retries and runs that caught up after an outage fill no other gap.
 * @param due one is due in each `everyMs`, and may take until `freshWithinMs`; undefined if the schedule is unknown.
 */
export function seriesOf(all: readonly ObservedRecoveryPoint[], nowMs: number, due: DueIn | undefined): PointSeries {
  const ahead = all.filter((point) => isAhead(point, nowMs));
  const points = all.filter((point) => !isAhead(point, nowMs));
  const count = (outcome: ObservedRecoveryPoint['outcome']) => points.filter((each) => each.outcome === outcome).length;
  const succeeded = points.filter(({ outcome }) => outcome === 'succeeded');
  const missed = due === undefined ? 0 : missedIn(points, nowMs, due);
  const gap = longestGapIn(succeeded);
  const [first] = ahead;
  return {
    counted: points.length,
    succeeded: succeeded.length,
    failed: count('failed') + missed,
    missed,
    ...(due === undefined ? {} : { surplus: surplusIn(succeeded, due.everyMs) }),
    ...(gap === undefined ? {} : { longestGap: gap }),
    ...(first === undefined ? {} : { ahead: { count: ahead.length, first: { ...first } } }),
    points: points.slice(0, POINTS_LISTED).map((point) => ({ ...point })),
  };
}

/** Returns whether the capture lies in the future, or after the upload of what it captured. */
function isAhead({ captureBegan, durable }: ObservedRecoveryPoint, nowMs: number): boolean {
  const captureMs = Date.parse(captureBegan);
  return captureMs > nowMs + CLOCK_SKEW_MS || (durable !== null && captureMs > Date.parse(durable) + CLOCK_SKEW_MS);
}

const captureMsOf = ({ captureBegan }: ObservedRecoveryPoint): number => Date.parse(captureBegan);

/**
 * Counts the missed points in each gap between two successful ones, without the failed attempts, which are already counted. A point that
 * may still come is not missed.
 */
function missedIn(
  newestFirst: readonly ObservedRecoveryPoint[],
  nowMs: number,
  { everyMs, freshWithinMs }: DueIn,
): number {
  const points = newestFirst.toReversed();
  const succeeded = newestFirst.filter(({ outcome }) => outcome === 'succeeded');
  let missed = 0;
  let previousMs: number | undefined;
  let failed = 0;
  for (const point of points) {
    if (point.outcome === 'failed') failed += 1;
    if (point.outcome !== 'succeeded') continue;
    const atMs = captureMsOf(point);
    if (previousMs === undefined) {
      // The due times before the first successful point are unknown; its failed attempts are counted.
      previousMs = atMs;
    } else {
      missed += Math.max(0, Math.round((atMs - previousMs) / everyMs) - 1 - failed);
      previousMs = atMs;
    }
    failed = 0;
  }
  const [oldest] = points;
  const sinceMs = previousMs ?? (oldest === undefined ? nowMs : captureMsOf(oldest));
  const ageMs = nowMs - sinceMs;
  const due = ageMs <= freshWithinMs ? 0 : Math.floor(ageMs / everyMs);
  return (
    Math.max(missed, missedByPace(succeeded, everyMs, points.length - succeeded.length)) + Math.max(0, due - failed)
  );
}

/**
 * Counts the missed points of a series that is slightly too slow: no single gap lacks a point, yet the total is too small. Retries do not
 * count.
 */
function missedByPace(succeeded: readonly ObservedRecoveryPoint[], everyMs: number, failed: number): number {
  const [newest] = succeeded;
  const oldest = succeeded.at(-1);
  if (newest === undefined || oldest === undefined) return 0;
  const due = Math.floor((captureMsOf(newest) - captureMsOf(oldest)) / everyMs) + 1;
  return Math.max(0, due - (succeeded.length - surplusIn(succeeded, everyMs)) - failed);
}

function surplusIn(succeeded: readonly ObservedRecoveryPoint[], everyMs: number): number {
  let surplus = 0;
  let keptMs = Number.NEGATIVE_INFINITY;
  for (const point of succeeded.toReversed()) {
    const atMs = captureMsOf(point);
    if (atMs - keptMs < everyMs / 2) surplus += 1;
    else keptMs = atMs;
  }
  return surplus;
}

function longestGapIn(newestFirst: readonly ObservedRecoveryPoint[]): PointSeries['longestGap'] {
  let longest: PointSeries['longestGap'];
  for (const [index, point] of newestFirst.entries()) {
    const older = newestFirst[index + 1];
    if (older === undefined) break;
    const gapMs = captureMsOf(point) - captureMsOf(older);
    if (gapMs > (longest?.gapMs ?? 0)) longest = { gapMs, after: older.id, before: point.id };
  }
  return longest;
}

/** Layout of recovery points below a prefix. */
export const layoutOptions = {
  /** Files that make a folder a complete recovery point; absent if each object is one. */
  holds: z.array(z.string().min(1)).default([]),
  /** Pattern of their names, where these contain no common time format: `orders-%d%m%Y.tar.gz`, `%Y/%m/%d/`. */
  pattern: z.string().min(1).optional(),
  /** Time zone of names that state none. */
  timeZone: z.string().min(1).optional(),
};

const DAY_MS = 86_400_000;
const SPAN_MS = 20 * 366 * DAY_MS;

interface Given {
  readonly bucket: string;
  readonly prefix: string;
  readonly holds: readonly string[];
  readonly pattern?: string | undefined;
  readonly timeZone?: string | undefined;
}

/**
 * Returns the layout that a contract states, for a listing made at some instant.
 * @throws {ExplainedError} for an unreadable pattern or an unknown time zone.
 */
export function layoutOf({ pattern, timeZone, ...given }: Given, thing: string): (nowMs: number) => PointLayout {
  const read = pattern === undefined ? undefined : readerOfPattern(pattern);
  const zoneAround = (name: string, nowMs: number) => new TimeZone(name, nowMs - SPAN_MS, nowMs + DAY_MS);
  if (timeZone !== undefined && !timeZoneNames.has(timeZone)) {
    throw new ExplainedError({
      thing: `check of ${thing}`,
      expected: 'an IANA time zone in `timeZone`, such as Europe/Berlin',
      observed: `it says "${timeZone}"`,
      nextStep: 'Correct it.',
    });
  }
  return (nowMs) => {
    const zone = timeZone === undefined ? undefined : zoneAround(timeZone, nowMs);
    const instantOf = zone === undefined ? undefined : (wallMs: number) => zone.instantOf(wallMs);
    return { ...given, read, instantOf };
  };
}
