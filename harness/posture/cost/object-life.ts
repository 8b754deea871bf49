import { decimal, decimalText } from '../../model/cost.ts';
import { isColder, type Transition } from '../../systems/s3/lifecycle.ts';
import type { StoredPoint } from '../../systems/s3/stored-points.ts';
import { firingsWithin, MOST_FIRINGS } from '../../verdict/firings.ts';

// Where an object is stored from its upload to its final deletion, by the rules of its bucket.

export const DAY_MS = 86_400_000;

/** End of the life of a current object: a number of days in a lifecycle, or an exact time after its upload, such as a ttl. */
export type Ending = { readonly afterDays: number } | { readonly afterMs: number };

export interface LifeRules {
  /** The earliest one applies. */
  readonly endings: readonly Ending[];
  /** True if a deleted object stays as a noncurrent version. */
  readonly isVersioned: boolean;
  /** Days that a noncurrent version stays; meaningless without versioning. */
  readonly noncurrentDays: number;
  /** Class of the upload. */
  readonly storageClass: string;
  readonly transitions: readonly Pick<Transition, 'afterDays' | 'storageClass'>[];
  readonly noncurrentTransitions: readonly Pick<Transition, 'afterDays' | 'storageClass'>[];
  /** Classes that also accept objects too small for the others. */
  readonly movesSmallInto?: readonly string[] | undefined;
}

/** Period in which an object is in one class, either current or noncurrent. */
interface Stay {
  readonly storageClass: string;
  readonly isCurrent: boolean;
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Returns the stays of an object in order. S3 adds the days of a rule and rounds up to the next midnight UTC. It acts a little after
 * midnight, so the next rule counts from the midnight after that.
 * @param isMovable false for an object that is too small to be moved by the lifecycle.
 */
function staysOf(createdMs: number, rules: LifeRules, isMovable: boolean): readonly Stay[] {
  const due = (transitions: LifeRules['transitions']) =>
    isMovable ? transitions : transitions.filter(({ storageClass }) => rules.movesSmallInto?.includes(storageClass));
  const deletedMs = Math.min(...rules.endings.map((ending) => endOf(createdMs, ending)));
  const current = inClasses(
    { storageClass: rules.storageClass, isCurrent: true, fromMs: createdMs, untilMs: deletedMs },
    due(rules.transitions),
  );
  if (!rules.isVersioned) return current;
  const goneMs = endOf(deletedMs, { afterDays: rules.noncurrentDays });
  const storageClass = current.at(-1)?.storageClass ?? rules.storageClass;
  const noncurrent = { storageClass, isCurrent: false, fromMs: deletedMs, untilMs: goneMs };
  return [...current, ...inClasses(noncurrent, due(rules.noncurrentTransitions))];
}

const endOf = (sinceMs: number, ending: Ending): number =>
  'afterMs' in ending ? sinceMs + ending.afterMs : (Math.floor(sinceMs / DAY_MS) + 1 + ending.afterDays) * DAY_MS;

function inClasses(whole: Stay, transitions: LifeRules['transitions']): Stay[] {
  const stays: Stay[] = [];
  let { storageClass, fromMs } = whole;
  for (const { afterDays, storageClass: next } of transitions) {
    const atMs = endOf(whole.fromMs, { afterDays });
    if (atMs >= whole.untilMs) break;
    if (!isColder(next, storageClass)) continue;
    if (atMs > fromMs) stays.push({ ...whole, storageClass, fromMs, untilMs: atMs });
    storageClass = next;
    fromMs = atMs;
  }
  return [...stays, { ...whole, storageClass, fromMs }];
}

/** Total use of storage by a number of objects made one after the other. */
export interface Use {
  /** Milliseconds in each class, by `CLASS current` and `CLASS noncurrent`. */
  readonly stayedMs: ReadonlyMap<
    string,
    { readonly storageClass: string; readonly isCurrent: boolean; readonly ms: bigint }
  >;
  /** Moves into each class. */
  readonly moves: ReadonlyMap<string, bigint>;
  /** Milliseconds billed in each class because an object left it before the minimum. */
  readonly unusedMs: ReadonlyMap<string, bigint>;
}

/**
 * @param byTimeOfDayMs number of objects made at each time of the day.
 * @param minimumDaysOf minimum number of billed days in a class.
 */
export function useOf(
  byTimeOfDayMs: ReadonlyMap<number, number>,
  rules: LifeRules,
  isMovable: boolean,
  minimumDaysOf: (storageClass: string) => number,
): Use {
  const stayedMs = new Map<string, { storageClass: string; isCurrent: boolean; ms: bigint }>();
  const moves = new Map<string, bigint>();
  const unusedMs = new Map<string, bigint>();
  const add = (to: Map<string, bigint>, key: string, amount: bigint) => to.set(key, (to.get(key) ?? 0n) + amount);
  // Every rule counts from a midnight, so objects made at the same time of two days live alike.
  for (const [timeOfDayMs, firings] of byTimeOfDayMs) {
    const count = BigInt(firings);
    const stays = staysOf(timeOfDayMs, rules, isMovable);
    for (const { storageClass, isCurrent, fromMs, untilMs } of stays) {
      const key = `${storageClass} ${isCurrent ? 'current' : 'noncurrent'}`;
      const entry = stayedMs.get(key) ?? { storageClass, isCurrent, ms: 0n };
      stayedMs.set(key, { ...entry, ms: entry.ms + count * BigInt(untilMs - fromMs) });
    }
    let previous = rules.storageClass;
    for (const { storageClass, fromMs, untilMs } of classesOf(stays)) {
      if (storageClass !== previous) add(moves, storageClass, count);
      previous = storageClass;
      const lackingMs = minimumDaysOf(storageClass) * DAY_MS - (untilMs - fromMs);
      if (lackingMs > 0) add(unusedMs, storageClass, count * BigInt(lackingMs));
    }
  }
  return { stayedMs, moves, unusedMs };
}

/** A version that becomes noncurrent stays in its class. */
function classesOf(stays: readonly Stay[]): readonly Stay[] {
  const runs: Stay[] = [];
  for (const stay of stays) {
    const last = runs.at(-1);
    if (last?.storageClass === stay.storageClass) runs[runs.length - 1] = { ...last, untilMs: stay.untilMs };
    else runs.push(stay);
  }
  return runs;
}

/** 730 hours, a twelfth of 365 days: the average month of a bill. */
export const MONTH_MS = (365 * DAY_MS) / 12;

const YEAR_MS = 365 * DAY_MS;
const WEEK_MS = 7 * DAY_MS;
const WEEKS = 52;

/** Number of recovery points made in a representative period. */
export interface Made {
  readonly count: number;
  readonly windowMs: number;
  /** Number at each time of the day, UTC. */
  readonly byTimeOfDayMs: ReadonlyMap<number, number>;
}

/**
 * Returns the firings of a year. A year has 52 weeks where all weeks have the same number of firings, otherwise 365 days. For a schedule
 * too frequent to compute a whole year, the period is as many whole weeks as are computed.
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

/** Measured growth of the sizes of recovery points. */
export interface MeasuredGrowth {
  /** Percentage of the mean size; 0 if the sizes shrink. */
  readonly percentPerMonth: string;
  readonly spanMs: number;
  readonly points: number;
}

/** Fits a least-squares line to the sizes; undefined if all points are within a day. */
export function measuredGrowth(points: readonly StoredPoint[]): MeasuredGrowth | undefined {
  const sizes = points.map(({ capturedMs, objects }) => ({
    atMs: capturedMs,
    bytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }));
  const atMs = sizes.map((each) => each.atMs);
  const spanMs =
    atMs.reduce((most, each) => Math.max(most, each), 0) -
    atMs.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY);
  if (sizes.length < 2 || spanMs < DAY_MS) return undefined;
  const meanMs = mean(atMs);
  const meanBytes = mean(sizes.map(({ bytes }) => bytes));
  const covariance = mean(sizes.map((each) => (each.atMs - meanMs) * (each.bytes - meanBytes)));
  // Growth from 0 has no percentage.
  if (meanBytes === 0) return undefined;
  const variance = mean(atMs.map((each) => (each - meanMs) ** 2));
  const percent = ((covariance / variance) * MONTH_MS * 100) / meanBytes;
  return {
    percentPerMonth: decimalText(decimal(Math.max(0, percent).toFixed(2))),
    spanMs,
    points: sizes.length,
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
