import { isColder, type Transition } from '../../systems/s3/lifecycle.ts';

// Where an object lies from its upload until it is gone for good, by the rules of its bucket.

export const DAY_MS = 86_400_000;

/** What ends the life of a current object: so many days of a lifecycle, or an exact time after its upload, such as a ttl. */
export type Ending = { readonly afterDays: number } | { readonly afterMs: number };

export interface LifeRules {
  /** The earliest of them ends it. */
  readonly endings: readonly Ending[];
  /** True where what is deleted stays as a noncurrent version. */
  readonly isVersioned: boolean;
  /** How long a noncurrent version stays; of no meaning without versions. */
  readonly noncurrentDays: number;
  /** The class into which it is uploaded. */
  readonly storageClass: string;
  readonly transitions: readonly Pick<Transition, 'afterDays' | 'storageClass'>[];
  readonly noncurrentTransitions: readonly Pick<Transition, 'afterDays' | 'storageClass'>[];
  /** The classes into which objects are moved that are too small for the others. */
  readonly movesSmallInto?: readonly string[] | undefined;
}

/** A time for which an object lies in one class as a current object, or as a noncurrent version. */
export interface Stay {
  readonly storageClass: string;
  readonly isCurrent: boolean;
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * The stays of an object, one after the other. S3 adds the days of a rule and rounds up to the next midnight UTC. What it does at
 * midnight it does a little later, so that whatever follows counts from the midnight after that.
 * @param isMovable false for an object that the lifecycle leaves in its class, because it is too small.
 */
export function staysOf(createdMs: number, rules: LifeRules, isMovable: boolean): readonly Stay[] {
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

/** What a number of objects, made one after the other, use between them. */
export interface Use {
  /** Milliseconds in each class, by `CLASS current` and `CLASS noncurrent`. */
  readonly stayedMs: ReadonlyMap<
    string,
    { readonly storageClass: string; readonly isCurrent: boolean; readonly ms: bigint }
  >;
  /** Moves into each class. */
  readonly moves: ReadonlyMap<string, bigint>;
  /** Milliseconds that are paid for in each class because an object left it before its minimum. */
  readonly unusedMs: ReadonlyMap<string, bigint>;
}

/**
 * @param byTimeOfDayMs how many objects are made at each time of the day.
 * @param minimumDaysOf how long an object is paid for in a class at the least.
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
  // Every rule counts from a midnight: two objects that are made at the same time of two days live alike.
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
