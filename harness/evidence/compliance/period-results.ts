import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord } from '../../model/record.ts';
import type { EntryOf, LedgerEntry, PromiseFacts } from '../entry.ts';
import type { ExportedRun } from '../exports/exported-run.ts';
import { type ResultGroup, resultGroups } from '../exports/result-groups.ts';
import type { Period } from './promise-history.ts';

const MISSED = 'It was promised, and no drill of the period tested it.';

/** Keeps the last result of each promise of a period: what a format for the results of one run can say of a period. */
export class PeriodResults {
  readonly #period: Period;
  readonly #promises = new Map<string, PromiseFacts>();
  readonly #drills = new Map<string, DrillRecord>();
  readonly #postures = new Map<string, PostureRecord>();
  #started: EntryOf<'run-started'> | undefined;

  constructor(period: Period) {
    this.#period = period;
  }

  add({ body }: LedgerEntry): void {
    const atMs = Date.parse(body.at);
    if (atMs > this.#period.toMs) return;
    if (body.kind === 'run-started') {
      // What was stated last before the period is stated in it, until a run of the period states something else.
      if (atMs < this.#period.fromMs) this.#promises.clear();
      for (const facts of body.promises) this.#promises.set(facts.contract, facts);
      this.#started = body;
    }
    if (atMs < this.#period.fromMs) return;
    if (body.kind === 'drill') {
      const { contract, disaster } = body.record;
      this.#drills.set(JSON.stringify([contract.name, disaster.name]), body.record);
    }
    if (body.kind === 'run-finished' || body.kind === 'run-killed') {
      for (const posture of body.run.postures ?? []) this.#postures.set(posture.contract.name, posture);
    }
  }

  /** The period in the form of a run, and its results. */
  result(): { readonly run: ExportedRun; readonly groups: readonly ResultGroup[] } {
    const [from, to] = [new Date(this.#period.fromMs).toISOString(), new Date(this.#period.toMs).toISOString()];
    const run: ExportedRun = {
      runId: `${from}--${to}`,
      began: from,
      ended: to,
      command: `dr-contracts report --from ${from} --to ${to}`,
      target: null,
      commit: null,
      dirty: null,
      harnessVersion: this.#started?.harnessVersion ?? null,
      measurementVersion: null,
      ranBy: null,
      promises: [...this.#promises.values()],
      selected: null,
      drills: [...this.#drills.values()],
      postures: [...this.#postures.values()],
      leftOut: [],
      mistakes: [],
      failures: [],
    };
    return { run, groups: resultGroups(run).map(ofPeriod) };
  }
}

/** What has no result has none in the period, not in a run. */
const ofPeriod = (group: ResultGroup): ResultGroup =>
  group.cases.every(({ name }) => name !== 'missing')
    ? group
    : { ...group, sentence: MISSED, cases: group.cases.map((each) => ({ ...each, sentence: MISSED })) };
