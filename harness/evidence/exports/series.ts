import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord, Verdict } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { compareText } from '../../model/text.ts';
import { type LedgerEntry, POSTURE, type PromiseFacts, promiseKey } from '../entry.ts';
import { disastersOf } from '../gate/question.ts';
import { endOf, isOfPromise, type Waiver } from '../gate/waivers.ts';
import { drillGroup, type Figures, NO_WAIVERS, postureGroup, type ResultGroup } from './result-groups.ts';

/** The current state of one disaster of one contract, or of one posture contract. It is the source of all metrics. */
export interface Series {
  readonly contract: string;
  /** {@link POSTURE} for a posture contract. */
  readonly disaster: string;
  readonly priority: string;
  readonly owner: string;
  /** Null if no cadence is promised, or only the run record is known. */
  readonly cadenceMs: number | null;
  readonly last: SeriesPoint | null;
  /** Time of the last verdict met or at-risk, in milliseconds since 1970; null if there is none. */
  readonly provedAtMs: number | null;
  /** End of its first expiring waiver, from which on the gate blocks; null without a waiver. */
  readonly waivedUntilMs: number | null;
}

interface SeriesPoint {
  readonly atMs: number;
  readonly verdict: Verdict;
  readonly figures: Figures;
  /** Time of capture of the restored recovery point; null if none was restored. */
  readonly recoveryPointMs: number | null;
}

interface Contract {
  readonly name: string;
  readonly owner: string;
  /** Missing for a posture contract, whose record has none. */
  readonly priority?: string;
}

interface Result {
  readonly atMs: number;
  readonly recoveryPointMs: number | null;
  /** Judges on demand, because judging costs more than reading. */
  readonly judged: () => Pick<ResultGroup, 'verdict' | 'figures'>;
}

type Draft = { -readonly [K in keyof Omit<Series, 'disaster' | 'waivedUntilMs'>]: Series[K] } & {
  /** Null for a posture contract. */
  readonly disaster: string | null;
};

/** Reduces promises, drills and checks to the current state of each promise. It keeps one state for each of them. */
export class SeriesCollector {
  readonly #series = new Map<string, Draft>();
  #isPromised = false;

  /** Adds the promises of the last run. Promises that the project dropped have no metric. */
  addPromises(promises: readonly PromiseFacts[]): void {
    if (this.#isPromised) return;
    this.#isPromised = true;
    const drilled = new Map(this.#series);
    this.#series.clear();
    for (const { contract, disasters, priority, owner, cadenceMs } of promises) {
      for (const disaster of disastersOf({ disasters })) {
        const key = promiseKey(contract, disaster);
        this.#series.set(key, { ...(drilled.get(key) ?? empty(contract, disaster)), priority, owner, cadenceMs });
      }
    }
  }

  addDrill(record: DrillRecord): void {
    const { contract, disaster, moments, recoveryPoint } = record;
    const captured = recoveryPoint === null ? null : moments.captureBegan;
    this.#add(contract, disaster.name, {
      atMs: Date.parse(moments.ended?.utc ?? moments.began.utc),
      recoveryPointMs: captured === null ? null : Date.parse(captured.utc),
      judged: () => drillGroup(record, NO_WAIVERS),
    });
  }

  addPosture(record: PostureRecord): void {
    this.#add(record.contract, null, {
      atMs: Date.parse(record.at),
      recoveryPointMs: null,
      judged: () => postureGroup(record, NO_WAIVERS),
    });
  }

  #add(contract: Contract, disaster: string | null, { atMs, recoveryPointMs, judged }: Result): void {
    const key = promiseKey(contract.name, disaster);
    const known = this.#series.get(key);
    // Results are read before the promises of their run. Once the promises are known, results of others are dropped.
    if (known === undefined && this.#isPromised) return;
    if (known !== undefined && isComplete(known) && (known.last?.atMs ?? 0) > atMs) return;
    const { verdict, figures } = judged();
    const draft = known ?? empty(contract.name, disaster, contract);
    if (draft.last === null || draft.last.atMs <= atMs) draft.last = { atMs, verdict, figures, recoveryPointMs };
    if (isKept(verdict)) draft.provedAtMs = Math.max(draft.provedAtMs ?? 0, atMs);
    this.#series.set(key, draft);
  }

  /** True if no older entry can add data. */
  get isComplete(): boolean {
    return this.#isPromised && [...this.#series.values()].every(isComplete);
  }

  /** @param waivers waivers that the policy allows, including expired ones: an expired waiver blocks until it is removed. */
  series(waivers: readonly Waiver[] = []): readonly Series[] {
    return [...this.#series.entries()]
      .toSorted(([a], [b]) => compareText(a, b))
      .map(([, draft]) => {
        const ends = waivers.filter((waiver) => isOfPromise(waiver, draft)).map(endOf);
        return {
          ...draft,
          disaster: draft.disaster ?? POSTURE,
          waivedUntilMs: ends.length === 0 ? null : Math.min(...ends),
        };
      });
  }
}

/** Reduces a ledger, reading from its last entry only as far as needed. */
export async function seriesOfLedger(
  newestFirst: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  waivers: readonly Waiver[],
): Promise<readonly Series[]> {
  const collector = new SeriesCollector();
  for await (const { body } of newestFirst) {
    if (body.kind === 'run-started') collector.addPromises(body.promises);
    else if (body.kind === 'drill') collector.addDrill(body.record);
    else if (body.kind === 'run-finished' || body.kind === 'run-killed') {
      for (const posture of body.run.postures ?? []) collector.addPosture(posture);
    }
    if (collector.isComplete) break;
  }
  return collector.series(waivers);
}

const isComplete = ({ last, provedAtMs }: Draft): boolean => last !== null && provedAtMs !== null;

const empty = (contract: string, disaster: string | null, { priority = '', owner = '' } = {}): Draft => ({
  contract,
  disaster,
  priority,
  owner,
  cadenceMs: null,
  last: null,
  provedAtMs: null,
});
