import type { Schedule } from '../model/schedule.ts';
import { firingsOf } from './firings.ts';

/** Every change of clocks occurs in it, and every weekday at both ends of a month. */
const YEAR_MS = 366 * 86_400_000;

/**
 * The fewest recovery points that a time of that length holds, wherever it begins: a schedule with one long gap, such as a weekend or a
 * change of clocks, makes more than one for each longest gap.
 * @param gapMs the longest gap between two; where the firings of less than a year are known, it is taken for each of them.
 */
export function fewestWithin(schedule: Schedule, from: Date, gapMs: number, lengthMs: number): number {
  const byLongestGap = Math.max(0, Math.floor(lengthMs / gapMs));
  const firings = firingsOf(schedule, from);
  const lastBeginMs = (firings.at(-1) ?? 0) - lengthMs;
  if (lastBeginMs - (firings[0] ?? 0) < YEAR_MS) return byLongestGap;
  // The fewest are in a time that begins just after one of them.
  let fewest = Number.POSITIVE_INFINITY;
  let end = 0;
  for (const [index, beginMs] of firings.entries()) {
    if (beginMs > lastBeginMs) break;
    while ((firings[end] ?? Number.POSITIVE_INFINITY) <= beginMs + lengthMs) end += 1;
    fewest = Math.min(fewest, end - 1 - index);
  }
  return Math.max(byLongestGap, fewest);
}
