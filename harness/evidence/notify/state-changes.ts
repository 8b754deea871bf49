import type { Verdict } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { formatDuration } from '../../model/units.ts';
import { type LedgerEntry, missingRuns, POSTURE, type PromiseFacts, placesOf, promiseKey } from '../entry.ts';
import { endingOf } from '../exports/exported-run.ts';
import { drillGroup, NO_WAIVERS } from '../exports/result-groups.ts';
import { judgePostureAgain } from '../gate/judge-again.ts';

/** The reported state of a promise: its verdict, or that it has not run. */
export type PromiseState = Verdict | 'has not run';

export interface StateOfPromise {
  readonly contract: string;
  readonly disaster: string;
  readonly owner: string;
  /** If a broken or unproven promise has not run since, the state is still that verdict. */
  readonly state: PromiseState;
  /** True if it should have run and has not, regardless of its last verdict. */
  readonly hasNotRun: boolean;
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
  /** Why the last run did not finish; null if it did. */
  readonly failure: string | null;
  /** The state of every promise after the last run. */
  readonly states: readonly StateOfPromise[];
  /** Promises whose state differs from that after the previous run. */
  readonly changes: readonly StateChange[];
}

type Body = LedgerEntry['body'];
type Started = Extract<Body, { kind: 'run-started' }>;
type Ending = Extract<Body, { kind: 'run-finished' | 'run-killed' }>;

interface Told {
  readonly key: string;
  readonly runId: string;
  readonly atMs: number;
  readonly state: Verdict;
  readonly sentence: string;
}

/** A run with the results read so far. */
interface HeardRun {
  readonly started: Started;
  readonly ending: Ending | undefined;
}

/**
 * Returns the changes by the last run. A promise has not run when a run that should have drilled it did not, or when its last drill is
 * older than its cadence. So the result includes promises that are no longer drilled.
 * @param newestFirst the ledger from its last entry; it is read only as far as needed.
 * @param nowMs a promise is overdue if its cadence ended before this moment.
 */
export async function stateChangesOf(
  newestFirst: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  nowMs: number,
): Promise<StateChanges> {
  const heard = new Heard();
  for await (const { body } of newestFirst) {
    heard.add(body);
    if (heard.isEnough) break;
  }
  const [last, before] = heard.runs;
  if (last === undefined) {
    return { runId: null, target: null, runUrl: null, failure: null, states: [], changes: [] };
  }
  const earlier = new Map<string, StateOfPromise>();
  if (before !== undefined) {
    // The state at that time: a promise that became overdue since has changed.
    const states = statesAfter(before, heard.toldBefore(last), Date.parse((before.ending ?? before.started).at));
    for (const each of states) earlier.set(keyOf(each), each);
  }
  const states = statesAfter(last, heard.told, nowMs);
  return {
    runId: last.started.runId,
    target: last.ending?.run.target ?? null,
    runUrl: last.started.ranBy.runUrl,
    failure: failureOf(last),
    states,
    changes: states
      .filter((each) => hasChanged(earlier.get(keyOf(each)), each))
      .map((each) => ({ ...each, before: earlier.get(keyOf(each))?.state ?? null })),
  };
}

/** Returns whether the state changed. A new promise that is met is no change. */
const hasChanged = (before: StateOfPromise | undefined, { state, hasNotRun }: StateOfPromise): boolean =>
  before === undefined ? state !== 'met' : before.state !== state || before.hasNotRun !== hasNotRun;

function failureOf({ ending }: HeardRun): string | null {
  if (ending === undefined) return 'The ledger does not record the end of the last run.';
  const { failure } = ending.run;
  const how = endingOf(ending.run, ending.kind === 'run-killed');
  if (how === 'finished') return null;
  return [how === 'killed' ? 'It was killed.' : '', ...(failure?.messages ?? [])]
    .filter((text) => text !== '')
    .join(' ');
}

/** The data read from a ledger, from its last entry. */
class Heard {
  readonly runs: HeardRun[] = [];
  /** Sorted from the newest. */
  readonly told: Told[] = [];
  readonly #endings = new Map<string, Ending>();
  /** Promises of the last run without an older result so far. */
  #lacking: Set<string> | undefined;

  add(body: Body): void {
    if (body.kind === 'run-started') {
      this.runs.push({ started: body, ending: this.#endings.get(body.runId) });
      this.#lacking ??= new Set(promisesOf(body).map(({ key }) => key));
    } else if (body.kind === 'drill') {
      const { contract, disaster, moments } = body.record;
      const key = keyOf({ contract: contract.name, disaster: disaster.name });
      const atMs = Date.parse(moments.ended?.utc ?? body.at);
      this.#tell(key, body.runId, atMs, () => drillGroup(body.record, NO_WAIVERS));
    } else if (body.kind === 'run-finished' || body.kind === 'run-killed') {
      this.#endings.set(body.runId, body);
      for (const posture of body.run.postures ?? []) {
        const key = keyOf({ contract: posture.contract.name, disaster: POSTURE });
        this.#tell(key, body.runId, Date.parse(posture.at), () => judgePostureAgain(posture));
      }
    }
  }

  /**
   * Adds a result. Judging costs more than reading, so only two results of a promise are judged: the last one, and the last before the last
   * run.
   */
  #tell(
    key: string,
    runId: string,
    atMs: number,
    judged: () => { readonly verdict: Verdict; readonly sentence: string },
  ): void {
    const isOfKnownRun = this.runs.length < 2;
    if (!isOfKnownRun && this.#lacking?.has(key) === false) return;
    const { verdict, sentence } = judged();
    this.told.push({ key, runId, atMs, state: verdict, sentence });
    if (this.runs.length > 0 && runId !== this.runs[0]?.started.runId) this.#lacking?.delete(key);
  }

  /** Returns the results from before a run began. */
  toldBefore({ started: { runId, at } }: HeardRun): readonly Told[] {
    return this.told.filter((each) => each.runId !== runId && each.atMs <= Date.parse(at));
  }

  get isEnough(): boolean {
    return this.runs.length >= 2 && this.#lacking?.size === 0;
  }
}

const promisesOf = ({ promises }: Started) =>
  promises.flatMap((promise) =>
    placesOf(promise).map((disaster) => ({
      promise,
      disaster,
      key: keyOf({ contract: promise.contract, disaster }),
    })),
  );

function statesAfter(run: HeardRun, told: readonly Told[], atMs: number): readonly StateOfPromise[] {
  return promisesOf(run.started).map(({ promise, disaster, key }) => ({
    contract: promise.contract,
    disaster,
    owner: promise.owner,
    ...stateOf(
      run,
      promise,
      told.find((each) => each.key === key),
      atMs,
    ),
  }));
}

function stateOf(
  run: HeardRun,
  promise: PromiseFacts,
  told: Told | undefined,
  atMs: number,
): Pick<StateOfPromise, 'state' | 'hasNotRun' | 'sentence'> {
  if (told === undefined) {
    return { state: 'has not run', hasNotRun: true, sentence: 'It was promised, and was never drilled.' };
  }
  const why = whyNotRun(run, promise, told, atMs);
  if (why === undefined) return { state: told.state, hasNotRun: false, sentence: told.sentence };
  const last = `${why} Its last drill ended ${new Date(told.atMs).toISOString()}: ${told.state}.`;
  return isKept(told.state)
    ? { state: 'has not run', hasNotRun: true, sentence: last }
    : { state: told.state, hasNotRun: true, sentence: `${told.sentence} ${last}` };
}

/** Returns why a promise has not run; undefined if it ran on time. */
function whyNotRun(
  { started, ending }: HeardRun,
  { contract, cadenceMs }: PromiseFacts,
  told: Told,
  atMs: number,
): string | undefined {
  const ageMs = atMs - told.atMs;
  // The gate counts in the same way.
  const missing = cadenceMs === null ? 0 : missingRuns(ageMs, cadenceMs, false);
  if (cadenceMs !== null && missing > 0) {
    return `It promises a drill every ${formatDuration(cadenceMs)}, and the last one is ${formatDuration(ageMs)} old.`;
  }
  const isOfThisRun = told.runId === started.runId;
  const wasAsked = started.selected === null || started.selected.includes(contract);
  if (isOfThisRun || !wasAsked) return undefined;
  const leftOut = ending?.run.leftOut?.find((each) => each.contract === contract);
  if (leftOut === undefined) return 'The last run did not drill it.';
  // A run on a target that cannot drill it does not make a proof overdue: only the cadence does.
  return cadenceMs === null ? 'The last run left it out.' : undefined;
}

const keyOf = ({ contract, disaster }: { readonly contract: string; readonly disaster: string }): string =>
  promiseKey(contract, disaster);
