import type { EntryOf, LedgerEntry, PromiseFacts } from '../entry.ts';

// A change must not drop promises of its base branch. The newest run of that branch in the ledger states its promises.

/** The base branch of a change, with the data for finding its runs. */
export interface BaseCommits {
  /** Git's name of the branch, e.g. `origin/main`. */
  readonly ref: string;
  /** Its last commits, the newest first. */
  readonly commits: readonly string[];
  /** True where the checkout does not hold the whole history. */
  readonly isShallow: boolean;
}

/** An entry that the decision depends on. */
export interface SignedEntry {
  readonly sequence: number;
  readonly digest: string;
  readonly keyId: string | null;
}

export interface BaseRun extends SignedEntry {
  readonly promises: readonly PromiseFacts[];
}

/** Runs of the base branch that do not count. */
export interface UncountedRuns {
  /** Number of runs whose work tree was changed, or whose record does not say. */
  readonly dirty: number;
  /** Number of runs without a signature that the policy accepts. */
  readonly notSigned: number;
}

/** Finds the run of the newest commit of the base branch. If a commit has several runs, the last appended one counts. */
export class BaseRuns {
  readonly #rankOf: ReadonlyMap<string, number>;
  #newest: { readonly rank: number; readonly run: BaseRun } | undefined;
  #dirty = 0;
  #notSigned = 0;

  constructor(commits: readonly string[]) {
    this.#rankOf = new Map(commits.map((commit, rank) => [commit, rank]));
  }

  /** @param isSigned whether the policy accepts the entry's signature. */
  follow({ sequence, digest, keyId }: LedgerEntry, body: EntryOf<'run-started'>, isSigned: boolean): void {
    const rank = body.commit === null ? undefined : this.#rankOf.get(body.commit);
    if (rank === undefined) return;
    if (!isSigned) this.#notSigned += 1;
    // A changed work tree may promise something else than its commit.
    else if (body.dirty !== false) this.#dirty += 1;
    else if (this.#newest === undefined || rank <= this.#newest.rank) {
      this.#newest = { rank, run: { sequence, digest, keyId, promises: body.promises } };
    }
  }

  get newest(): BaseRun | null {
    return this.#newest?.run ?? null;
  }

  get uncounted(): UncountedRuns {
    return { dirty: this.#dirty, notSigned: this.#notSigned };
  }
}
