import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord, Verdict } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { compareText } from '../../model/text.ts';
import { type LedgerEntry, POSTURE, type PromiseFacts, promiseKey } from '../entry.ts';
import { disastersOf } from '../gate/question.ts';
import { endOf, isOfPromise, type Waiver } from '../gate/waivers.ts';
import { drillGroup, type Figures, NO_WAIVERS, postureGroup, type ResultGroup } from './result-groups.ts';

/** What is now known of one disaster of one contract, or of one posture contract. Everything that a metric says comes from here. */
export interface Series {
  readonly contract: string;
  /** {@link POSTURE} for a posture contract. */
  readonly disaster: string;
  readonly priority: string;
  readonly owner: string;
  /** Null where no cadence is promised, or only the run record is known. */
  readonly cadenceMs: number | null;
  readonly last: SeriesPoint | null;
  /** When it last was met or at-risk, in milliseconds since 1970; null when it never was. */
  readonly provedAtMs: number | null;
  /** When the first of its waivers ends, from which moment on the gate blocks; null without a waiver. */
  readonly waivedUntilMs: number | null;
}

interface SeriesPoint {
  readonly atMs: number;
  readonly verdict: Verdict;
  readonly figures: Figures;
  /** When the restored recovery point was captured; null when none was. */
  readonly recoveryPointMs: number | null;
}

interface Contract {
  readonly name: string;
  readonly owner: string;
  /** A posture contract has none in its record. */
  readonly priority?: string;
}

interface Result {
  readonly atMs: number;
  readonly recoveryPointMs: number | null;
  /** Judging costs more than reading, so it is done only where the result counts. */
  readonly judged: () => Pick<ResultGroup, 'verdict' | 'figures'>;
}

type Draft = { -readonly [K in keyof Omit<Series, 'disaster' | 'waivedUntilMs'>]: Series[K] } & {
  /** Null for a posture contract. */
  readonly disaster: string | null;
};

/** Reduces what was promised, drilled and checked to the present state of each promise. One state is kept for each of them. */
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
    // Results are met before the promises of their run are. After that, what is not promised is not kept.
    if (known === undefined && this.#isPromised) return;
    if (known !== undefined && isComplete(known) && (known.last?.atMs ?? 0) > atMs) return;
    const { verdict, figures } = judged();
    const draft = known ?? empty(contract.name, disaster, contract);
    if (draft.last === null || draft.last.atMs <= atMs) draft.last = { atMs, verdict, figures, recoveryPointMs };
    if (isKept(verdict)) draft.provedAtMs = Math.max(draft.provedAtMs ?? 0, atMs);
    this.#series.set(key, draft);
  }

  /** Whether no older entry can add anything. */
  get isComplete(): boolean {
    return this.#isPromised && [...this.#series.values()].every(isComplete);
  }

  /** @param waivers those that the policy allows, also where they have ended: an expired waiver blocks until it is removed. */
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

/** Reduces a ledger that is read from its last entry, and reads no more of it than is needed. */
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
