import { worstOf } from '../verdict/judge.ts';
import { type EntryReference, type LedgerEntry, promiseKey } from './entry.ts';

// The entries that a sign-off reviews: the drills and posture checks of one run, or the last ones of one contract.

/** One drill, or the checks of one posture contract. */
export interface ReviewedEntry extends EntryReference {
  readonly contract: string;
  /** Null for posture checks. */
  readonly disaster: string | null;
  readonly runId: string;
  readonly drillId: string | null;
  readonly verdict: string;
  readonly sentence: string;
}

export type ReviewSubject = { readonly runId: string } | { readonly contract: string };

/** Number of runs that the message on an unknown run names. */
const LAST_RUNS = 5;

/** Collects the reviewed entries while a ledger is read, the oldest entry first. */
export class ReviewedEntries {
  readonly #subject: ReviewSubject;
  readonly #found = new Map<string, ReviewedEntry>();
  readonly #contracts = new Set<string>();
  #runs: readonly string[] = [];
  #hasEnded = false;

  constructor(subject: ReviewSubject) {
    this.#subject = subject;
  }

  /** The entries by contract, in the order of their first drill. */
  get entries(): readonly ReviewedEntry[] {
    return [...this.#found.values()];
  }

  /** True if the ledger holds the end of the run. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The last runs, the newest first. */
  get lastRuns(): readonly string[] {
    return this.#runs;
  }

  /** Contracts in the ledger. */
  get contracts(): readonly string[] {
    return [...this.#contracts];
  }

  follow({ sequence, digest, body }: LedgerEntry): void {
    if (body.kind === 'run-started') {
      this.#runs = [body.runId, ...this.#runs].slice(0, LAST_RUNS);
      for (const { contract } of body.promises) this.#contracts.add(contract);
    } else if (body.kind === 'drill') {
      const { contract, disaster, drillId, judgement } = body.record;
      this.#add({
        sequence,
        digest,
        contract: contract.name,
        disaster: disaster.name,
        runId: body.runId,
        drillId,
        verdict: judgement?.verdict ?? 'unproven',
        sentence: judgement?.sentence ?? 'The drill was not judged.',
      });
    } else if (body.kind === 'run-finished' || body.kind === 'run-killed') {
      if ('runId' in this.#subject && this.#subject.runId === body.runId) this.#hasEnded = true;
      for (const { contract, verdict, checks } of body.run.postures ?? []) {
        const worst = checks.find((check) => check.verdict === worstOf(checks.map((each) => each.verdict)));
        this.#add({
          sequence,
          digest,
          contract: contract.name,
          disaster: null,
          runId: body.runId,
          drillId: null,
          verdict,
          sentence: worst?.sentence ?? 'Nothing was checked.',
        });
      }
    }
  }

  #add(entry: ReviewedEntry): void {
    const isReviewed =
      'runId' in this.#subject ? this.#subject.runId === entry.runId : this.#subject.contract === entry.contract;
    if (isReviewed) this.#found.set(promiseKey(entry.contract, entry.disaster), entry);
  }
}
