import type { PostureRecord } from '../../model/posture.ts';
import type { Verdict } from '../../model/record.ts';
import type { LedgerEntry, PromiseFacts } from '../entry.ts';
import { drillGroup, NO_WAIVERS } from '../exports/result-groups.ts';
import { judgePostureAgain } from '../gate/judge-again.ts';

/** What a reader is told of a promise: its verdict, or that it has not run. */
export type PromiseState = Verdict | 'has not run';

export interface StateOfPromise {
  readonly contract: string;
  readonly disaster: string;
  readonly owner: string;
  readonly state: PromiseState;
  readonly sentence: string;
}

export interface StateChange extends StateOfPromise {
  /** Null when the promise is new. */
  readonly before: PromiseState | null;
}

export interface StateChanges {
  /** The last run; null in a ledger without runs. */
  readonly runId: string | null;
  readonly target: string | null;
  readonly runUrl: string | null;
  /** Why the last run did not come to its end; null when it did. */
  readonly failure: string | null;
  /** Every promise, as it is after the last run. */
  readonly states: readonly StateOfPromise[];
  /** Those that are not as they were after the run before. */
  readonly changes: readonly StateChange[];
}

type Started = Extract<LedgerEntry['body'], { kind: 'run-started' }>;

interface Told {
  readonly atMs: number;
  readonly state: Verdict;
  readonly sentence: string;
}

/**
 * Reduces a ledger, read from its first entry, to what changed with its last run. A promise has not run when a run that should have drilled
 * it did not, or when its last drill is older than the cadence that it promises. So a promise that nobody drills any more is told as well.
 */
export class StateChangeCollector {
  #started: Started | undefined;
  #failure: string | null = null;
  #isEnded = true;
  #target: string | null = null;
  /** Of all runs so far, by promise. */
  readonly #told = new Map<string, Told>();
  /** What the last run drilled. */
  #drilled = new Set<string>();
  #before: ReadonlyMap<string, PromiseState> = new Map();

  add({ body }: LedgerEntry): void {
    if (body.kind === 'run-started') {
      this.#before = new Map(this.#states(Date.parse(body.at)).map((each) => [keyOf(each), each.state]));
      this.#started = body;
      this.#failure = null;
      this.#isEnded = false;
      this.#target = null;
      this.#drilled = new Set();
    } else if (body.kind === 'drill') {
      const { contract, disaster, verdict, sentence, ended, began } = drillGroup(body.record, NO_WAIVERS);
      const key = keyOf({ contract, disaster });
      this.#told.set(key, { atMs: Date.parse(ended ?? began ?? body.at), state: verdict, sentence });
      if (body.runId === this.#started?.runId) this.#drilled.add(key);
    } else if (body.kind === 'run-finished' || body.kind === 'run-killed') {
      for (const posture of body.run.postures ?? []) this.#addPosture(posture);
      if (body.runId !== this.#started?.runId) return;
      this.#isEnded = true;
      this.#target = body.run.target;
      this.#failure =
        body.run.failure?.messages.join(' ') ?? (body.kind === 'run-killed' ? 'The run was killed.' : null);
    }
  }

  /** @param nowMs a promise is overdue if its cadence ended before this moment. */
  changes(nowMs: number): StateChanges {
    const states = this.#states(nowMs);
    const changes = states
      .map((each) => ({ ...each, before: this.#before.get(keyOf(each)) ?? null }))
      .filter(({ before, state }) => before !== state && !(before === null && state === 'met'));
    return {
      runId: this.#started?.runId ?? null,
      target: this.#target,
      runUrl: this.#started?.ranBy.runUrl ?? null,
      failure: this.#isEnded ? this.#failure : 'The ledger has no end of the last run.',
      states,
      changes,
    };
  }

  #addPosture(record: PostureRecord): void {
    const { verdict, sentence } = judgePostureAgain(record);
    const key = keyOf({ contract: record.contract.name, disaster: 'posture' });
    this.#told.set(key, { atMs: Date.parse(record.at), state: verdict, sentence });
    this.#drilled.add(key);
  }

  #states(atMs: number): readonly StateOfPromise[] {
    const started = this.#started;
    if (started === undefined) return [];
    return started.promises.flatMap((promise) => {
      const disasters = promise.disasters.length === 0 ? ['posture'] : promise.disasters;
      return disasters.map((disaster) => ({
        contract: promise.contract,
        disaster,
        owner: promise.owner,
        ...this.#stateOf(started, promise, disaster, atMs),
      }));
    });
  }

  #stateOf(started: Started, { contract, cadenceMs }: PromiseFacts, disaster: string, atMs: number) {
    const key = keyOf({ contract, disaster });
    const told = this.#told.get(key);
    if (told === undefined)
      return { state: 'has not run' as const, sentence: 'It was promised, and was never drilled.' };
    const last = `Its last drill ended ${new Date(told.atMs).toISOString()}: ${told.state}.`;
    if (cadenceMs !== null && atMs - told.atMs > cadenceMs) {
      return { state: 'has not run' as const, sentence: `It is drilled less often than it promises. ${last}` };
    }
    const wasAsked = started.selected === null || started.selected.includes(contract);
    if (wasAsked && !this.#drilled.has(key)) {
      return { state: 'has not run' as const, sentence: `The last run did not drill it. ${last}` };
    }
    return { state: told.state, sentence: told.sentence };
  }
}

export async function stateChangesOf(
  entries: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  nowMs: number,
): Promise<StateChanges> {
  const collector = new StateChangeCollector();
  for await (const entry of entries) collector.add(entry);
  return collector.changes(nowMs);
}

const keyOf = ({ contract, disaster }: { readonly contract: string; readonly disaster: string }): string =>
  JSON.stringify([contract, disaster]);
