import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord, Verdict } from '../../model/record.ts';
import { worstOf } from '../../verdict/judge.ts';
import { type EntryBody, type EntryOf, type LedgerEntry, type PromiseFacts, promiseKey } from '../entry.ts';
import type { ExportedRun } from '../exports/exported-run.ts';
import { type ResultGroup, resultGroups } from '../exports/result-groups.ts';

const MISSED = 'It was promised, and no drill of the period tested it.';

/** Keeps the last result of each promise of a period, so that formats for a single run can show a period. */
export class PeriodResults {
  readonly #period: Period;
  readonly #promises = new Map<string, PromiseFacts>();
  /** Maps contract and disaster to the last drill on each target. */
  readonly #drills = new Map<string, Map<string, DrillRecord>>();
  /** Maps a contract to the last checks on each target. */
  readonly #postures = new Map<string, Map<string, { readonly record: PostureRecord; readonly at: string }>>();
  #started: EntryOf<'run-started'> | undefined;

  constructor(period: Period) {
    this.#period = period;
  }

  add({ body }: LedgerEntry): void {
    const at = happenedAt(body);
    if (body.kind === 'run-started' && isUpTo(this.#period, at)) {
      // The last promises before the period stay valid until a run of the period states others.
      if (!isWithin(this.#period, at)) this.#promises.clear();
      for (const facts of body.promises) this.#promises.set(facts.contract, facts);
      this.#started = body;
    } else if (body.kind === 'drill' && isWithin(this.#period, at)) {
      this.#drilled(body.record);
    } else if ((body.kind === 'run-finished' || body.kind === 'run-killed') && isWithin(this.#period, at)) {
      for (const record of body.run.postures ?? []) {
        const onTargets = this.#postures.get(record.contract.name) ?? new Map();
        const before = onTargets.get(body.run.target);
        if (before === undefined || before.at <= at) onTargets.set(body.run.target, { record, at });
        this.#postures.set(record.contract.name, onTargets);
      }
    }
  }

  #drilled(record: DrillRecord): void {
    const key = promiseKey(record.contract.name, record.disaster.name);
    const onTargets = this.#drills.get(key) ?? new Map<string, DrillRecord>();
    const { target } = record.environment;
    const before = onTargets.get(target);
    // An older drill, appended late, does not replace a newer one.
    if (before === undefined || endedMs(before) <= endedMs(record)) onTargets.set(target, record);
    this.#drills.set(key, onTargets);
  }

  /** The period in the form of a run, and its results. */
  result(): { readonly run: ExportedRun; readonly groups: readonly ResultGroup[] } {
    const [from, to] = [new Date(this.#period.fromMs).toISOString(), new Date(this.#period.toMs).toISOString()];
    const run: ExportedRun = {
      runId: `${from}--${to}`,
      began: from,
      ended: to,
      ending: 'finished',
      command: `dr-contracts report --from ${from} --to ${to}`,
      target: null,
      commit: null,
      dirty: null,
      harnessVersion: this.#started?.harnessVersion ?? null,
      measurementVersion: null,
      ranBy: null,
      promises: [...this.#promises.values()],
      selected: null,
      drills: [...this.#drills.values()].flatMap((onTargets) =>
        worstFirst([...onTargets.values()], ({ judgement }) => judgement?.verdict ?? 'unproven').slice(0, 1),
      ),
      postures: [...this.#postures.values()].flatMap((onTargets) =>
        worstFirst(
          [...onTargets.values()].map(({ record }) => record),
          ({ verdict }) => verdict,
        ).slice(0, 1),
      ),
      leftOut: [],
      mistakes: [],
      failures: [],
    };
    return { run, groups: resultGroups(run).map(ofPeriod) };
  }
}

const endedMs = ({ moments }: DrillRecord): number => Date.parse(moments.ended?.utc ?? '') || 0;

/** Sorts records, the worst verdict first: a result on one target does not clear a breach on another one. */
function worstFirst<R>(records: readonly R[], verdictOf: (record: R) => Verdict): readonly R[] {
  const worst = worstOf(records.map(verdictOf));
  return records.filter((record) => verdictOf(record) === worst);
}

/** Replaces "in this run" by the period in sentences on missing results. */
const ofPeriod = (group: ResultGroup): ResultGroup =>
  group.cases.every(({ name }) => name !== 'missing')
    ? group
    : { ...group, sentence: MISSED, cases: group.cases.map((each) => ({ ...each, sentence: MISSED })) };

// The rule for assigning results to a period, for every format of the report: a result belongs to the period in which it was
// proved, regardless of when its entry was appended.

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Returns the time of the event in an entry. Drills, runs and posture checks end before their entry is appended. If the clock went
 * backwards, the time is that of the entry.
 */
export function happenedAt(body: EntryBody): string {
  if (body.kind === 'drill') return earlier(body.record.moments.ended?.utc ?? body.at, body.at);
  return body.kind === 'run-finished' || body.kind === 'run-killed' ? earlier(body.run.ended, body.at) : body.at;
}

export const isUpTo = ({ toMs }: Period, utc: string): boolean => Date.parse(utc) <= toMs;

export const isWithin = (period: Period, utc: string): boolean =>
  isUpTo(period, utc) && Date.parse(utc) >= period.fromMs;

const earlier = (one: string, other: string): string => (Date.parse(one) < Date.parse(other) ? one : other);
