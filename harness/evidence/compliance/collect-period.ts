import type { PostureRecord } from '../../model/posture.ts';
import type { Verdict } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { withHalt } from '../../reporting/halts-text.ts';
import { DeviationList } from '../deviations.ts';
import { type EntryOf, type LedgerEntry, promiseKey } from '../entry.ts';
import type { EvidenceKind } from './catalogue-schema.ts';
import { evidenceOf } from './counted-entries.ts';
import { DeficiencyList } from './deficiency-list.ts';
import { happenedAt, isUpTo, isWithin, type Period } from './period-results.ts';
import { countOf, noDrills, PromiseHistory } from './promise-history.ts';
import type { PlaceInLedger, RunLine, SignOffLine } from './report-schema.ts';

// Reads a ledger once, from its first entry to its last, and keeps the data for a report of a period. Memory grows with the number of
// promises and runs (a line each), not with the size of the records.

type PostureContractRecord = Pick<PostureRecord, 'contract' | 'verdict' | 'checks' | 'at'>;

type CollectedRun = Omit<RunLine, 'evidence'> & { readonly evidence: Set<EvidenceKind> };

export interface CollectedPeriod {
  readonly promises: readonly PromiseHistory[];
  readonly runs: readonly RunLine[];
  readonly deficiencies: ReturnType<DeficiencyList['result']>;
  readonly signOffs: readonly SignOffLine[];
  readonly harnessVersions: readonly string[];
}

export class PeriodCollector {
  readonly #period: Period;
  readonly #promises = new Map<string, PromiseHistory>();
  readonly #runs = new Map<string, CollectedRun>();
  readonly #deficiencies: DeficiencyList;
  readonly #signOffs: SignOffLine[] = [];
  readonly #harnessVersions = new Set<string>();
  readonly #deviations = new DeviationList();
  readonly #scopes = new RunScopes();
  #hasBegun = false;

  constructor(period: Period) {
    this.#period = period;
    this.#deficiencies = new DeficiencyList(period.fromMs);
  }

  add(entry: LedgerEntry): void {
    const { body } = entry;
    if (!isUpTo(this.#period, happenedAt(body))) return;
    // Checked before the list follows the entry, because that removes the deviation.
    const isRefused = body.kind === 'deviation-closed' && this.#deviations.refusalOf(body) !== undefined;
    this.#deviations.follow(entry);
    this.#scopes.follow(entry);
    switch (body.kind) {
      case 'run-started':
        this.#started(entry, body);
        return;
      case 'drill':
        this.#drilled(entry, body);
        return;
      case 'run-finished':
      case 'run-killed':
        this.#ended(entry, body);
        return;
      case 'sign-off':
        if (isWithin(this.#period, body.at)) this.#signOffs.push(signOffOf(entry, body));
        return;
      case 'deviation': {
        const { kind: _, drillId: __, ...rest } = body;
        const { sequence, keyId } = entry;
        this.#deficiencies.deviated({ ...rest, sequence, keyId, closed: null, isOverdue: false });
        return;
      }
      case 'deviation-closed': {
        if (isRefused) return;
        const { at, closedBy, comment, retest } = body;
        const closed = { at, closedBy, comment, sequence: entry.sequence, retestSequence: retest.sequence };
        this.#deficiencies.closed(body.deviation.sequence, closed);
        return;
      }
      case 'key-changed':
      case 'checkpoint':
        return;
    }
  }

  result(): CollectedPeriod {
    this.#begin();
    return {
      promises: [...this.#promises.values()].filter(({ isOfPeriod }) => isOfPeriod),
      runs: [...this.#runs.values()].map((run) => ({ ...run, evidence: [...run.evidence] })),
      deficiencies: this.#deficiencies.result(this.#period.toMs),
      signOffs: this.#signOffs,
      harnessVersions: [...this.#harnessVersions].toSorted(),
    };
  }

  /** Begins the period with the promises that the project stated at that time. */
  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    for (const promise of this.#promises.values()) promise.isOfPeriod ||= promise.isStated;
  }

  #started(entry: LedgerEntry, body: EntryOf<'run-started'>): void {
    const atMs = Date.parse(body.at);
    const isInPeriod = isWithin(this.#period, body.at);
    if (isInPeriod) this.#begin();
    const stated = new Set<PromiseHistory>();
    for (const facts of body.promises) {
      for (const disaster of facts.disasters.length === 0 ? [null] : facts.disasters) {
        const promise = this.#promise(facts.contract, disaster);
        promise.stated(facts, atMs);
        promise.isOfPeriod ||= isInPeriod;
        stated.add(promise);
      }
    }
    for (const promise of this.#promises.values()) if (!stated.has(promise)) promise.withdrawn();
    if (!isInPeriod) return;
    this.#harnessVersions.add(body.harnessVersion);
    const { runId, command, trigger, ranBy, commit, dirty } = body;
    this.#runs.set(runId, {
      runId,
      began: body.at,
      ended: null,
      ending: 'none',
      target: null,
      command,
      trigger,
      ranBy,
      commit,
      dirty,
      drills: noDrills(),
      postures: { met: 0, 'at-risk': 0, breached: 0, unproven: 0 },
      entries: { first: entry.sequence, last: entry.sequence },
      keyIds: [entry.keyId],
      evidence: new Set(),
    });
  }

  #drilled(entry: LedgerEntry, body: EntryOf<'drill'>): void {
    const { runId, record, measurementVersion } = body;
    const verdict = record.judgement?.verdict ?? 'unproven';
    const place = placeOf(entry, body);
    const promise = this.#promise(record.contract.name, record.disaster.name);
    const { owner, priority, controls } = record.contract;
    promise.known({ owner, priority, controls, cadenceMs: null, audit: record.contract.audit });
    const evidence = evidenceOf(record);
    promise.judged(verdict, evidence, place);
    promise.timed(record, measurementVersion, place.at);
    this.#hold(promise, verdict, place, {
      sentence: record.judgement?.sentence ?? record.failure?.messages.join('; ') ?? 'It was not judged.',
      findings: (record.judgement?.findings ?? [])
        .filter((finding) => !isKept(finding.verdict))
        .map((finding) => finding.name),
    });
    const run = this.#follow(entry, runId);
    if (run === undefined) return;
    run.target = record.environment.target;
    run.drills[countOf(verdict)] += 1;
    for (const [kind, isShown] of evidence) if (isShown) run.evidence.add(kind);
  }

  #ended(entry: LedgerEntry, body: EntryOf<'run-finished'> | EntryOf<'run-killed'>): void {
    const { kind, runId, run: record } = body;
    const place = {
      ...whereOf(entry),
      at: happenedAt(body),
      runId,
      drillId: null,
      target: record.target,
      commit: this.#runs.get(runId)?.commit ?? null,
    };
    for (const posture of record.postures ?? []) this.#checked(posture, place);
    const isWhole = kind === 'run-finished' && record.failure === undefined;
    const problems = [
      ...(record.failure?.messages ?? []),
      ...(record.mistakes ?? []).map(({ file, message }) => `${file}: ${message}`),
      ...(record.leftOut ?? [])
        .filter(({ failsRun }) => failsRun === true)
        .map(({ contract, lacking }) => `${contract} was not drilled: the target has no ${lacking.join(', no ')}`),
    ];
    const scope = this.#scopes.end(body);
    if (isWhole && problems.length === 0) this.#deficiencies.ran(place, scope.covers);
    else {
      const sentence = problems.join('; ') || 'Its process was killed.';
      const subject = { what: 'the run itself', contract: null, disaster: null, owner: null, runs: scope.wanted };
      this.#deficiencies.failed(subject, { verdict: 'unproven', sentence, findings: [] }, place);
    }
    const run = this.#follow(entry, runId);
    if (run === undefined) return;
    run.ended = record.ended;
    run.target = record.target;
    run.ending = kind === 'run-killed' ? 'killed' : record.failure === undefined ? 'finished' : 'failed';
    for (const { verdict } of record.postures ?? []) run.postures[verdict] += 1;
    if ((record.postures ?? []).some(({ verdict }) => isKept(verdict))) run.evidence.add('posture');
    if (run.ending === 'finished') run.evidence.add('record');
  }

  #checked(posture: PostureContractRecord, place: PlaceInLedger): void {
    const { contract, verdict, checks } = posture;
    const promise = this.#promise(contract.name, null);
    promise.known({ owner: contract.owner, priority: '', controls: contract.controls, cadenceMs: null });
    promise.judged(verdict, new Map([['posture', isKept(verdict)]]), place);
    const failing = checks.filter((check) => !isKept(check.verdict));
    this.#hold(promise, verdict, place, {
      sentence:
        failing.map((check) => withHalt(check.sentence, check)).join(' ') || 'A check that was promised was not made.',
      findings: failing.map(({ name }) => name),
    });
  }

  #hold(
    promise: PromiseHistory,
    verdict: Verdict,
    place: PlaceInLedger,
    told: { readonly sentence: string; readonly findings: readonly string[] },
  ): void {
    const { name: what, contract, disaster, owner } = promise;
    const subject = { what, contract, disaster, owner: owner === '' ? null : owner, runs: null };
    if (verdict === 'breached' || verdict === 'unproven') {
      this.#deficiencies.failed(subject, { verdict, ...told }, place);
    } else this.#deficiencies.held(subject, place);
  }

  #follow(entry: LedgerEntry, runId: string): CollectedRun | undefined {
    const run = this.#runs.get(runId);
    if (run === undefined) return undefined;
    run.entries.last = entry.sequence;
    if (!run.keyIds.includes(entry.keyId)) run.keyIds.push(entry.keyId);
    return run;
  }

  #promise(contract: string, disaster: string | null): PromiseHistory {
    const key = promiseKey(contract, disaster);
    const known = this.#promises.get(key);
    if (known !== undefined) return known;
    const made = new PromiseHistory(contract, disaster, this.#period);
    this.#promises.set(key, made);
    return made;
  }
}

const whereOf = ({ sequence, digest, keyId }: LedgerEntry) => ({ sequence, digest, keyId });

const placeOf = (entry: LedgerEntry, body: EntryOf<'drill'>): PlaceInLedger => ({
  ...whereOf(entry),
  at: happenedAt(body),
  runId: body.runId,
  drillId: body.record.drillId,
  target: body.record.environment.target,
  commit: body.record.environment.commit,
});

function signOffOf({ sequence, keyId }: LedgerEntry, body: EntryOf<'sign-off'>): SignOffLine {
  const { at, runId, contract = null, reviewer, role = null, outcome, comment } = body;
  const what = runId === null ? `the last drills of ${contract ?? 'a contract'}` : `run ${runId}`;
  const entries = (body.reviewed ?? []).map((reviewed) => reviewed.sequence);
  return { sequence, keyId, at, runId, what, entries, reviewer, role, outcome, comment };
}

/** The intended and the actual scope of a run. */
interface RunScope {
  /** Contracts that the run should drill: the requested ones, without those that the target cannot carry. */
  readonly wanted: readonly string[];
  /** Returns whether the run covered those of the contracts that the project still promised. */
  covers(contracts: readonly string[]): boolean;
}

interface BegunRun {
  readonly promised: ReadonlySet<string>;
  readonly selected: readonly string[];
  readonly ran: Set<string>;
}

/** Maximum number of runs whose end was not read yet. Beyond it, the oldest is forgotten. */
const MOST_OPEN_RUNS = 256;

/** Tracks the intended and the actual contracts of each run: only another run of the same contracts repeats it. */
class RunScopes {
  readonly #begun = new Map<string, BegunRun>();

  follow({ body }: Pick<LedgerEntry, 'body'>): void {
    if (body.kind === 'run-started') {
      const promised = body.promises.map(({ contract }) => contract);
      this.#begun.set(body.runId, {
        promised: new Set(promised),
        selected: body.selected ?? promised,
        ran: new Set(),
      });
      const [oldest] = this.#begun.keys();
      if (this.#begun.size > MOST_OPEN_RUNS && oldest !== undefined) this.#begun.delete(oldest);
    } else if (body.kind === 'drill') this.#begun.get(body.runId)?.ran.add(body.record.contract.name);
  }

  /** Returns the scope of a run that has ended. If the ledger lacks its beginning, the actual scope counts as the intended one. */
  end({ runId, run }: EntryOf<'run-finished'> | EntryOf<'run-killed'>): RunScope {
    const begun = this.#begun.get(runId);
    this.#begun.delete(runId);
    const ran = new Set([...(begun?.ran ?? []), ...(run.postures ?? []).map(({ contract }) => contract.name)]);
    const notCarried = new Set(
      (run.leftOut ?? []).filter(({ failsRun }) => failsRun !== true).map(({ contract }) => contract),
    );
    return {
      wanted: (begun?.selected ?? [...ran]).filter((contract) => !notCarried.has(contract)).toSorted(),
      covers: (contracts) =>
        contracts.every(
          (contract) => ran.has(contract) || notCarried.has(contract) || begun?.promised.has(contract) === false,
        ),
    };
  }
}
