import type { PostureRecord } from '../../model/posture.ts';
import type { DrillRecord, Verdict } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { DeviationList, type OpenDeviation } from '../deviations.ts';
import { CLOCK_SKEW_MS, type EntryOf, type LedgerEntry, type PromiseFacts, promiseKey } from '../entry.ts';
import { type BaseRun, BaseRuns, type SignedEntry, type UncountedRuns } from './base-runs.ts';
import type { RegressionFacts, SignOffFacts } from './decision.ts';
import { type DisasterProofs, type Kept, type KeyChange, KeyLines, keep, type Proof, SignOffs } from './kept-proofs.ts';
import { disastersOf, type GateQuestion, isPosture, keysFor, keysInPolicy, ruleFor } from './question.ts';
import { judgeRegression, type RegressionSample, sampleOf, seriesOf } from './regression.ts';

// Reads a ledger once, from its first entry to its last, and keeps what the decision needs: for each promise and disaster the last proof on
// each target, the last breach, and the times of the last comparable runs. Memory grows with the number of promises, not with the ledger.

/** Maximum number of runs whose end was not read yet. Beyond it, the oldest is forgotten, and its drills count as of an unknown version. */
const MOST_OPEN_RUNS = 256;
/** Maximum number of combinations of machine, target and concurrency that are kept for one disaster. */
const MOST_SERIES = 16;
/** Maximum number of files changed since a proof that are named. */
const MOST_CHANGED = 50;

export interface GateProofs {
  readonly entries: number;
  readonly lastAt: string | null;
  readonly lastDigest: string | null;
  /** Number of entries dated after the time of the question. */
  readonly ignored: number;
  /** The first entry that does not follow the one before it. */
  readonly broken: { readonly sequence: number; readonly observed: string } | null;
  /** The last entry that is dated before an earlier one. */
  readonly clock: { readonly sequence: number; readonly at: string; readonly byMs: number } | null;
  /** Changes of the key, in their order, regardless of who signed them. */
  readonly keyChanges: readonly KeyChange[];
  /** Contracts of the last run that the project no longer states. */
  readonly withdrawn: readonly string[];
  /** Contracts that a run of the commit in question promised, and that the question leaves out. */
  readonly notAsked: readonly string[];
  /** The newest run of the base branch that counts, and the runs that do not count. Null if no base branch is named. */
  readonly base: { readonly run: BaseRun | null; readonly uncounted: UncountedRuns } | null;
  /** Promises of that run that the project no longer states, with the removed disasters. */
  readonly removed: readonly PromiseFacts[];
  /** The entry that states the promises of the commit in question; null if there is none, or if that commit is checked out. */
  readonly promisedByCommit: SignedEntry | null;
  readonly drills: ReadonlyMap<string, DisasterProofs<DrillRecord>>;
  readonly postures: ReadonlyMap<string, DisasterProofs<PostureRecord>>;
  /** Maps a {@link promiseKey} to the sign-off of its latest reviewed entry, by a key that the policy names for it. */
  readonly signOffs: ReadonlyMap<string, SignOffFacts>;
  readonly deviations: readonly OpenDeviation[];
}

/** Reduces a ledger, the oldest entry first. */
export async function collectProofs(
  entries: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  question: GateQuestion,
): Promise<GateProofs> {
  const collector = new ProofCollector(question);
  for await (const entry of entries) collector.add(entry);
  return collector.proofs();
}

/** The facts that a run stated when it began, limited to the promises of today. */
interface OpenRun {
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly entry: SignedEntry;
  /** Maps a contract to the files that changed since. Null if the run did not list files, or its signature is not trusted. */
  readonly changes: ReadonlyMap<string, readonly string[] | null>;
}

interface Found<R> {
  readonly promise: PromiseFacts;
  readonly proof: Omit<Proof<R>, 'regression'>;
  readonly dirty: boolean | null;
}

class ProofCollector {
  readonly #question: GateQuestion;
  readonly #promises: ReadonlyMap<string, PromiseFacts>;
  readonly #digests: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly #runs = new Map<string, OpenRun>();
  readonly #drills = new Map<string, Kept<DrillRecord>>();
  readonly #postures = new Map<string, Kept<PostureRecord>>();
  readonly #series = new Map<string, Map<string, RegressionSample[]>>();
  readonly #keys = new KeyLines();
  readonly #signOffs = new SignOffs();
  readonly #base: BaseRuns | undefined;
  readonly #anyKeys: readonly string[];
  #promised: readonly string[] = [];
  #promisedByCommit: BaseRun | null = null;
  #entries = 0;
  #ignored = 0;
  #last: LedgerEntry | undefined;
  #broken: GateProofs['broken'] = null;
  /** The first entry, if older ones were removed and no checkpoint has confirmed that yet. */
  #unvouched: LedgerEntry | undefined;
  readonly #deviations = new DeviationList();
  #latestMs = Number.NEGATIVE_INFINITY;
  #clock: GateProofs['clock'] = null;

  constructor(question: GateQuestion) {
    this.#question = question;
    this.#base = question.base === undefined ? undefined : new BaseRuns(question.base.commits);
    this.#anyKeys = keysInPolicy(question);
    this.#promises = new Map(question.promises.map((promise) => [promise.contract, promise]));
    this.#digests = new Map(
      question.promises.map(({ contract, inputs }) => [
        contract,
        new Map(inputs.map(({ path, digest }) => [path, digest])),
      ]),
    );
  }

  add(entry: LedgerEntry): void {
    this.#look(entry);
    const { body } = entry;
    if (this.#question.asksAboutPast && Date.parse(body.at) > this.#question.at.getTime()) {
      this.#ignored += 1;
      return;
    }
    this.#deviations.follow(entry);
    this.#keys.follow(entry);
    if (body.kind === 'sign-off') this.#signOffs.follow(entry, body, this.#disastersOf, this.#maySignOff(entry));
    else if (body.kind === 'run-started') this.#begun(entry, body);
    else if (body.kind === 'drill') this.#addDrill(entry, body.record, body.measurementVersion);
    else if (body.kind === 'run-finished' || body.kind === 'run-killed') {
      for (const posture of body.run.postures ?? []) this.#addPosture(entry, body.runId, body.run.target, posture);
      this.#runs.delete(body.runId);
    }
  }

  proofs(): GateProofs {
    return {
      entries: this.#entries,
      lastAt: this.#last?.body.at ?? null,
      lastDigest: this.#last?.digest ?? null,
      ignored: this.#ignored,
      broken: this.#broken ?? this.#missingBeginning(),
      keyChanges: this.#keys.changes,
      clock: this.#clock,
      withdrawn: this.#promised.filter((contract) => !this.#promises.has(contract)),
      notAsked: this.#beyondQuestion(this.#promisedByCommit?.promises ?? []).map(({ contract }) => contract),
      promisedByCommit: this.#promisedByCommit,
      base: this.#base === undefined ? null : { run: this.#base.newest, uncounted: this.#base.uncounted },
      removed: this.#beyondQuestion(this.#base?.newest?.promises ?? []),
      drills: this.#drills,
      postures: this.#postures,
      signOffs: this.#signOffs.kept,
      deviations: this.#deviations.open,
    };
  }

  /** Returns the promises that the question leaves out: whole contracts, or disasters of one. */
  #beyondQuestion(promised: readonly PromiseFacts[]): readonly PromiseFacts[] {
    return promised.flatMap((promise) => {
      const asked = this.#promises.get(promise.contract)?.disasters;
      if (asked === undefined) return [promise];
      const disasters = promise.disasters.filter((disaster) => !asked.includes(disaster));
      return disasters.length === 0 ? [] : [{ ...promise, disasters }];
    });
  }

  #look(entry: LedgerEntry): void {
    this.#entries += 1;
    const { sequence, previous, body } = entry;
    const before = this.#last;
    if (before === undefined) {
      if (sequence !== 1 || previous !== null) this.#unvouched = entry;
    } else if (this.#broken === null && sequence !== before.sequence + 1) {
      this.#broken = { sequence, observed: `entry ${before.sequence + 1} is missing before entry ${sequence}` };
    } else if (this.#broken === null && previous !== before.digest) {
      this.#broken = { sequence, observed: `entry ${sequence} does not follow the entry before it` };
    }
    if (body.kind === 'checkpoint' && this.#unvouched !== undefined) {
      const { sequence: first, previous: removed } = this.#unvouched;
      if (body.removedThrough === first - 1 && body.digest === removed) this.#unvouched = undefined;
    }
    this.#last = entry;
    const atMs = Date.parse(body.at);
    const byMs = this.#latestMs - atMs;
    if (byMs > CLOCK_SKEW_MS) this.#clock = { sequence, at: body.at, byMs };
    this.#latestMs = Math.max(this.#latestMs, atMs);
  }

  /** Old entries may be removed if a checkpoint names them. */
  #missingBeginning(): GateProofs['broken'] {
    if (this.#unvouched === undefined) return null;
    const { sequence } = this.#unvouched;
    return {
      sequence,
      observed: `it begins with entry ${sequence}, and no checkpoint says that older ones were removed`,
    };
  }

  #begun(entry: LedgerEntry, body: EntryOf<'run-started'>): void {
    const { sequence, digest, keyId } = entry;
    const { runId, commit, dirty, promises } = body;
    this.#promised = promises.map(({ contract }) => contract);
    // Promises and files that an untrusted key states say nothing about the project.
    const isSigned = this.#anyKeys.length === 0 || this.#keys.descendsFrom(keyId, this.#anyKeys);
    this.#base?.follow(entry, body, isSigned);
    const { commit: asked, workTree } = this.#question;
    if (workTree === 'elsewhere' && commit !== null && commit === asked && dirty === false && isSigned) {
      this.#promisedByCommit = { sequence, digest, keyId, promises };
    }
    // A run begins once. A second beginning could name other files than the drilled ones.
    if (this.#runs.has(runId)) return;
    this.#runs.set(runId, {
      commit,
      dirty,
      entry: { sequence, digest, keyId },
      changes: this.#changesSince(entry, promises),
    });
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > MOST_OPEN_RUNS && oldest !== undefined) this.#runs.delete(oldest);
  }

  #changesSince(entry: LedgerEntry, stated: readonly PromiseFacts[]): ReadonlyMap<string, readonly string[] | null> {
    return new Map(
      stated.flatMap(({ contract, inputs }) => {
        const promise = this.#promises.get(contract);
        const now = this.#digests.get(contract);
        if (promise === undefined || now === undefined || !this.#isTrusted(entry, promise)) return [];
        return [[contract, changedPaths(inputs, now)] as const];
      }),
    );
  }

  #addDrill(entry: LedgerEntry, record: DrillRecord, measurementVersion: number): void {
    const { contract, disaster, environment, moments } = record;
    const promise = this.#promises.get(contract.name);
    if (promise === undefined || !promise.disasters.includes(disaster.name)) return;
    const key = promiseKey(contract.name, disaster.name);
    const { commit, dirty, target } = environment;
    const recorded = record.judgement?.verdict ?? 'unproven';
    const found: Found<DrillRecord> = {
      promise,
      dirty,
      proof: {
        ...proofOf(entry, record, record.runId, recorded, moments.ended?.utc),
        target,
        commit,
        begun: this.#runs.get(record.runId)?.entry ?? null,
      },
    };
    const sample = sampleOf(record, measurementVersion);
    const isTrusted = this.#isTrusted(entry, promise);
    const regression = isTrusted ? this.#compare(key, record, sample, found.proof.provedAtMs) : null;
    keep(this.#keptOf(this.#drills, key), found.proof, regression, isTrusted, this.#otherVersion(found));
  }

  #addPosture(entry: LedgerEntry, runId: string, target: string, record: PostureRecord): void {
    const promise = this.#promises.get(record.contract.name);
    if (promise === undefined || !isPosture(promise)) return;
    const run = this.#runs.get(runId);
    const found: Found<PostureRecord> = {
      promise,
      dirty: run?.dirty ?? null,
      proof: {
        ...proofOf(entry, record, runId, record.verdict, record.at),
        target,
        commit: run?.commit ?? null,
        begun: run?.entry ?? null,
      },
    };
    const kept = this.#keptOf(this.#postures, record.contract.name);
    keep(kept, found.proof, null, this.#isTrusted(entry, promise), this.#otherVersion(found));
  }

  #keptOf<R>(all: Map<string, Kept<R>>, key: string): Kept<R> {
    const kept = all.get(key) ?? { byTarget: new Map(), stranger: null, otherVersions: new Map() };
    all.set(key, kept);
    return kept;
  }

  /** Returns undefined if the proof is of the version in question. Otherwise: the changed files, or null if they are unknown. */
  #otherVersion({ promise, proof, dirty }: Found<unknown>): { readonly changed: readonly string[] | null } | undefined {
    const { commit, workTree, policy } = this.#question;
    const provedAt = ruleFor(policy, promise)?.provedAt ?? 'any';
    if (provedAt === 'any') return undefined;
    const isOfCommit = workTree !== 'changed' && commit !== null && proof.commit === commit && dirty === false;
    const changed =
      workTree === 'elsewhere' ? null : (this.#runs.get(proof.runId)?.changes.get(promise.contract) ?? null);
    if (changed === null) return isOfCommit ? undefined : { changed };
    const isSame = changed.length === 0 && (provedAt === 'unchanged' || isOfCommit);
    return isSame ? undefined : { changed };
  }

  readonly #disastersOf = (contract: string): readonly (string | null)[] => {
    const promise = this.#promises.get(contract);
    return promise === undefined ? [] : disastersOf(promise);
  };

  #maySignOff({ keyId }: LedgerEntry): (contract: string) => boolean {
    return (contract) => {
      const promise = this.#promises.get(contract);
      const rule = promise && ruleFor(this.#question.policy, promise)?.signOff;
      return rule != null && this.#keys.descendsFrom(keyId, rule.signedBy);
    };
  }

  #isTrusted({ keyId }: LedgerEntry, promise: PromiseFacts): boolean {
    const keys = keysFor(this.#question, promise);
    return keys.length === 0 || this.#keys.descendsFrom(keyId, keys);
  }

  /** Compares a drill with those before it. A drill that is slower than the rule allows never becomes part of a baseline. */
  #compare(key: string, record: DrillRecord, sample: RegressionSample | string, atMs: number): RegressionFacts | null {
    const rule = this.#question.policy.regression;
    if (rule === null) return null;
    const since = rule.since[record.contract.name];
    const series = this.#series.get(key) ?? new Map<string, RegressionSample[]>();
    this.#series.set(key, series);
    const name = seriesOf(record);
    const samples = series.get(name) ?? [];
    const facts = judgeRegression(sample, samples, rule);
    const recorded = record.judgement?.verdict;
    const isGood = recorded !== undefined && isKept(recorded);
    const isBefore = since !== undefined && atMs < Date.parse(`${since}T00:00:00Z`);
    if (typeof sample === 'string' || !isGood || isBefore || facts.state === 'slower') return facts;
    samples.push(sample);
    // Keeps twice as many, because the samples may be of two sizes.
    if (samples.length > 2 * rule.runs) samples.shift();
    series.delete(name);
    series.set(name, samples);
    const [oldest] = series.keys();
    if (series.size > MOST_SERIES && oldest !== undefined) series.delete(oldest);
    return facts;
  }
}

function proofOf<R>(
  { sequence, digest, keyId, body }: LedgerEntry,
  record: R,
  runId: string,
  recorded: Verdict,
  endedAt: string | undefined,
) {
  const appendedAtMs = Date.parse(body.at);
  const provedAtMs = endedAt === undefined ? appendedAtMs : Math.min(appendedAtMs, Date.parse(endedAt));
  return { record, recorded, sequence, digest, runId, keyId, provedAtMs, appendedAtMs };
}

function changedPaths(stated: PromiseFacts['inputs'], now: ReadonlyMap<string, string>): readonly string[] | null {
  // The run stated no files, so the dependencies are unknown.
  if (stated.length === 0 || now.size === 0) return null;
  const known = new Set(stated.map(({ path }) => path));
  const changed = [
    ...stated.filter(({ path, digest }) => now.get(path) !== digest).map(({ path }) => path),
    ...[...now.keys()].filter((path) => !known.has(path)),
  ];
  return changed.slice(0, MOST_CHANGED);
}
