import type { Comparison, Difference, ItemCounts } from '../../model/record.ts';

const countedKinds = ['current objects', 'object versions', 'delete markers'] as const;
type CountedKind = (typeof countedKinds)[number];
type Outcome = 'matched' | 'missing' | 'extra' | 'differing';

/** What comparing one thing found. */
export interface Compared {
  readonly kind: CountedKind;
  readonly outcome: Outcome;
  readonly differences: readonly Difference[];
}

const SHOWN_DIFFERENCES = 10;

/** Counts everything and keeps the first differences; its size does not depend on what it is fed. */
export class Tally {
  readonly #counts = new Map(countedKinds.map((kind) => [kind, { matched: 0, missing: 0, extra: 0, differing: 0 }]));
  readonly #first: Difference[] = [];

  add(compared: Compared): void {
    const counts = this.#counts.get(compared.kind);
    if (counts === undefined) throw new Error(`nobody counts ${compared.kind}`);
    counts[compared.outcome] += 1;
    this.#first.push(...compared.differences.slice(0, SHOWN_DIFFERENCES - this.#first.length));
  }

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
}
