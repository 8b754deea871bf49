import type { Comparison, Difference, ItemCounts } from '../model/record.ts';

/** What comparing one item found. */
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
 * Counts everything and keeps the first differences of each kind, so that many of one kind do not hide another. Its size does not depend on
 * what it is fed.
 */
export class Tally<Kind extends string = string> {
  readonly #counts = new Map<Kind, Count>();
  readonly #first: Difference[] = [];

  /** @param kinds what is counted also where there is none of it. */
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

  /** @param notVerified what nobody looked at, for a reader. */
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
