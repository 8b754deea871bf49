import type { DrillRecord, Verdict } from '../../model/record.ts';
import type { LedgerEntry, PromiseFacts } from '../entry.ts';
import { endOf, type Waiver } from '../gate/waivers.ts';
import { drillGroup, type Figures, NO_WAIVERS } from './result-groups.ts';

/** What is now known of one disaster of one contract. Everything that a metric says comes from here. */
export interface Series {
  readonly contract: string;
  readonly disaster: string;
  readonly priority: string;
  readonly owner: string;
  /** Null where no cadence is promised, or only the run record is known. */
  readonly cadenceMs: number | null;
  readonly last: SeriesPoint | null;
  /** When it last was met or at-risk, in milliseconds since 1970; null when it never was. */
  readonly provedAtMs: number | null;
  /** End of the waiver that covers it and ends last; null without one. */
  readonly waivedUntilMs: number | null;
}

export interface SeriesPoint {
  readonly atMs: number;
  readonly verdict: Verdict;
  readonly figures: Figures;
  /** When the restored recovery point was captured; null when none was. */
  readonly recoveryPointMs: number | null;
}

type Draft = { -readonly [K in keyof Series]: Series[K] };

/** Reduces records, the oldest first, to the present state of each promise. Kept is one state for each disaster of each contract. */
export class SeriesCollector {
  readonly #series = new Map<string, Draft>();

  addPromises(promises: readonly PromiseFacts[]): void {
    const stated = new Map<string, Draft>();
    for (const { contract, disasters, priority, owner, cadenceMs } of promises) {
      for (const disaster of disasters) {
        const key = keyOf(contract, disaster);
        const known = this.#series.get(key) ?? empty(contract, disaster);
        stated.set(key, { ...known, priority, owner, cadenceMs });
      }
    }
    // A promise that the project no longer makes has no metric any more.
    this.#series.clear();
    for (const [key, draft] of stated) this.#series.set(key, draft);
  }

  addDrill(record: DrillRecord): void {
    const group = drillGroup(record, NO_WAIVERS);
    const key = keyOf(group.contract, group.disaster);
    const draft = this.#series.get(key) ?? empty(group.contract, group.disaster);
    const atMs = Date.parse(group.ended ?? record.moments.began.utc);
    draft.priority = record.contract.priority;
    draft.owner = record.contract.owner;
    if (draft.last === null || draft.last.atMs <= atMs) {
      const captured = record.recoveryPoint === null ? null : record.moments.captureBegan;
      draft.last = {
        atMs,
        verdict: group.verdict,
        figures: group.figures,
        recoveryPointMs: captured === null ? null : Date.parse(captured.utc),
      };
    }
    if (group.verdict === 'met' || group.verdict === 'at-risk')
      draft.provedAtMs = Math.max(draft.provedAtMs ?? 0, atMs);
    this.#series.set(key, draft);
  }

  add({ body }: LedgerEntry): void {
    if (body.kind === 'run-started') this.addPromises(body.promises);
    else if (body.kind === 'drill') this.addDrill(body.record);
  }

  series(waivers: readonly Waiver[] = []): readonly Series[] {
    return [...this.#series.entries()]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, draft]) => {
        const ends = waivers
          .filter(
            ({ contract, disaster }) =>
              contract === draft.contract && (disaster === undefined || disaster === draft.disaster),
          )
          .map(endOf);
        return { ...draft, waivedUntilMs: ends.length === 0 ? null : Math.max(...ends) };
      });
  }
}

/** Reduces a whole ledger, read from its first entry. */
export async function seriesOfLedger(
  entries: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  waivers: readonly Waiver[],
): Promise<readonly Series[]> {
  const collector = new SeriesCollector();
  for await (const entry of entries) collector.add(entry);
  return collector.series(waivers);
}

const keyOf = (contract: string, disaster: string): string => JSON.stringify([contract, disaster]);

const empty = (contract: string, disaster: string): Draft => ({
  contract,
  disaster,
  priority: '',
  owner: '',
  cadenceMs: null,
  last: null,
  provedAtMs: null,
  waivedUntilMs: null,
});
