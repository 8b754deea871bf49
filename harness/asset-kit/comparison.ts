import type { Comparison, Difference, ItemCounts } from '../model/record.ts';
import { compareText } from '../model/text.ts';

/** Something with a sort key. */
export interface Keyed {
  readonly key: string;
}

/** Items with the same key from both sides. One of them is undefined if only one side has the key. */
export interface Pair<E extends Keyed, O extends Keyed> {
  readonly key: string;
  readonly expected: E | undefined;
  readonly observed: O | undefined;
}

/**
 * Walks two streams that are sorted by key and pairs items with the same key. Holds one item of each.
 * @param compare order of the keys; by code units when left out.
 * @throws when a stream is not sorted, because it would then miss pairs silently.
 */
export async function* mergeByKey<E extends Keyed, O extends Keyed>(
  expectedItems: AsyncIterable<E>,
  observedItems: AsyncIterable<O>,
  compare: (one: string, other: string) => number = compareText,
): AsyncGenerator<Pair<E, O>, void, undefined> {
  const expectedIterator = sorted(expectedItems, 'expected', compare)[Symbol.asyncIterator]();
  const observedIterator = sorted(observedItems, 'observed', compare)[Symbol.asyncIterator]();
  await using _end: AsyncDisposable = {
    [Symbol.asyncDispose]: async () => {
      await Promise.all([expectedIterator.return(), observedIterator.return()]);
    },
  };
  let expected = await expectedIterator.next();
  let observed = await observedIterator.next();
  while (!expected.done || !observed.done) {
    const order = expected.done ? 1 : observed.done ? -1 : compare(expected.value.key, observed.value.key);
    const expectedHere = order <= 0 && !expected.done ? expected.value : undefined;
    const observedHere = order >= 0 && !observed.done ? observed.value : undefined;
    yield { key: (expectedHere ?? observedHere)?.key ?? '', expected: expectedHere, observed: observedHere };
    if (expectedHere !== undefined) expected = await expectedIterator.next();
    if (observedHere !== undefined) observed = await observedIterator.next();
  }
}

async function* sorted<T extends Keyed>(
  items: AsyncIterable<T>,
  side: string,
  compare: (one: string, other: string) => number,
): AsyncGenerator<T, void, undefined> {
  let previous: string | undefined;
  for await (const item of items) {
    if (previous !== undefined && compare(previous, item.key) >= 0) {
      throw new Error(`the ${side} keys are not sorted: "${item.key}" came after "${previous}"`);
    }
    previous = item.key;
    yield item;
  }
}

/** Result of comparing one item. */
export interface Compared<Kind extends string = string> {
  readonly kind: Kind;
  readonly outcome: 'matched' | 'missing' | 'extra' | 'differing';
  readonly differences: readonly Difference[];
}

const SHOWN_OF_A_KIND = 10;

interface Count {
  matched: number;
  missing: number;
  extra: number;
  differing: number;
  shown: number;
}

/**
 * Counter of all results that keeps the first differences of each kind, so many of one kind do not hide another. Its size does not depend
 * on the number of results.
 */
export class Tally<Kind extends string = string> {
  readonly #counts = new Map<Kind, Count>();
  readonly #first: Difference[] = [];

  /** @param kinds kinds that are listed even without any item. */
  constructor(kinds: readonly Kind[] = []) {
    for (const kind of kinds) this.#of(kind);
  }

  add({ kind, outcome, differences }: Compared<Kind>): void {
    const count = this.#of(kind);
    count[outcome] += 1;
    const shown = differences.slice(0, SHOWN_OF_A_KIND - count.shown);
    count.shown += shown.length;
    this.#first.push(...shown);
  }

  /** @param notVerified things that were not checked, for a reader. */
  comparison(notVerified: readonly string[]): Comparison {
    const items: ItemCounts[] = [...this.#counts].map(([kind, { matched, missing, extra, differing }]) => ({
      kind,
      expected: matched + missing + differing,
      restored: matched + extra + differing,
      matched,
      missing,
      extra,
      differing,
    }));
    return { items, firstDifferences: [...this.#first], notVerified: [...notVerified] };
  }

  #of(kind: Kind): Count {
    const known = this.#counts.get(kind);
    if (known !== undefined) return known;
    const made = { matched: 0, missing: 0, extra: 0, differing: 0, shown: 0 };
    this.#counts.set(kind, made);
    return made;
  }
}
