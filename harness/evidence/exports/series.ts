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

/** Reduces what was promised and drilled to the present state of each promise. Kept is one state for each disaster of each contract. */
export class SeriesCollector {
  readonly #series = new Map<string, Draft>();
  #isPromised = false;

  /** The promises as the last run stated them. What the project no longer promises has no metric any more. */
  addPromises(promises: readonly PromiseFacts[]): void {
    if (this.#isPromised) return;
    this.#isPromised = true;
    const drilled = new Map(this.#series);
    this.#series.clear();
    for (const { contract, disasters, priority, owner, cadenceMs } of promises) {
      for (const disaster of disasters) {
        const key = keyOf(contract, disaster);
        this.#series.set(key, { ...(drilled.get(key) ?? empty(contract, disaster)), priority, owner, cadenceMs });
      }
    }
  }

  addDrill(record: DrillRecord): void {
    const key = keyOf(record.contract.name, record.disaster.name);
    const known = this.#series.get(key);
    // Drills are met before the promises of their run are. After that, what is not promised is not kept.
    if (known === undefined && this.#isPromised) return;
    const atMs = Date.parse(record.moments.ended?.utc ?? record.moments.began.utc);
    if (known !== undefined && isComplete(known) && (known.last?.atMs ?? 0) > atMs) return;
    const group = drillGroup(record, NO_WAIVERS);
    const draft = known ?? empty(group.contract, group.disaster, record.contract);
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

  /** Whether no older entry can add anything. */
  get isComplete(): boolean {
    return this.#isPromised && [...this.#series.values()].every(isComplete);
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

/** Reduces a ledger that is read from its last entry, and reads no more of it than is needed. */
export async function seriesOfLedger(
  newestFirst: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  waivers: readonly Waiver[],
): Promise<readonly Series[]> {
  const collector = new SeriesCollector();
  for await (const { body } of newestFirst) {
    if (body.kind === 'run-started') collector.addPromises(body.promises);
    else if (body.kind === 'drill') collector.addDrill(body.record);
    if (collector.isComplete) break;
  }
  return collector.series(waivers);
}

const isComplete = ({ last, provedAtMs }: Draft): boolean => last !== null && provedAtMs !== null;

const keyOf = (contract: string, disaster: string): string => JSON.stringify([contract, disaster]);

const empty = (contract: string, disaster: string, { priority = '', owner = '' } = {}): Draft => ({
  contract,
  disaster,
  priority,
  owner,
  cadenceMs: null,
  last: null,
  provedAtMs: null,
  waivedUntilMs: null,
});
