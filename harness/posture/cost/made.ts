import { firingsWithin, MOST_FIRINGS } from '../../verdict/firings.ts';
import { DAY_MS } from './object-life.ts';

/** 730 hours, a twelfth of 365 days: the month of a bill, on the average. */
export const MONTH_MS = (365 * DAY_MS) / 12;

const YEAR_MS = 365 * DAY_MS;
const WEEK_MS = 7 * DAY_MS;
const WEEKS = 52;

/** How often something is made in a window that stands for all others. */
export interface Made {
  readonly count: number;
  readonly windowMs: number;
  /** How many of them at each time of the day, UTC. */
  readonly byTimeOfDayMs: ReadonlyMap<number, number>;
}

/**
 * The firings of a year. Where every week has as many as the others the year has 52 weeks, otherwise 365 days; of a schedule that
 * fires so often that less than a year is known, as many whole weeks as are.
 * @throws {ExplainedError} for an expression or a time zone that cannot be read.
 */
export function madeBy(schedule: { readonly cron: string; readonly timeZone: string }, at: Date): Made {
  const fromMs = Math.floor(at.getTime() / DAY_MS) * DAY_MS;
  const firings = firingsWithin(schedule, fromMs, YEAR_MS);
  const within = (windowMs: number): Made => {
    const counted = firings.filter((atMs) => atMs < fromMs + windowMs);
    const byTimeOfDayMs = new Map<number, number>();
    for (const atMs of counted) byTimeOfDayMs.set(atMs % DAY_MS, (byTimeOfDayMs.get(atMs % DAY_MS) ?? 0) + 1);
    return { count: counted.length, windowMs, byTimeOfDayMs };
  };
  if (firings.length === MOST_FIRINGS) {
    const knownMs = (firings.at(-1) ?? fromMs) - fromMs;
    return within(Math.floor(knownMs / WEEK_MS) * WEEK_MS);
  }
  const weeks = Map.groupBy(firings, (atMs) => Math.floor((atMs - fromMs) / WEEK_MS));
  const first = weeks.get(0)?.length;
  const isWeekly = Array.from({ length: WEEKS }, (_, week) => weeks.get(week)?.length).every(
    (count) => count !== undefined && count === first,
  );
  return within(isWeekly ? WEEKS * WEEK_MS : YEAR_MS);
}
