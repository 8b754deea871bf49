import type { EntryOf, LedgerEntry, PromiseFacts } from '../entry.ts';

// A change must not drop what its base branch promises. What that branch promises is read from its newest run in the ledger.

/** The base branch of a change, as far as its runs are looked for. */
export interface BaseCommits {
  /** As git names the branch, e.g. `origin/main`. */
  readonly ref: string;
  /** Its last commits, the newest first. */
  readonly commits: readonly string[];
  /** True where the checkout does not hold the whole history. */
  readonly isShallow: boolean;
}

/** An entry that the decision rests on. */
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
  /** Their work tree was changed, or nobody knows. */
  readonly dirty: number;
  /** They are not signed as the policy asks. */
  readonly notSigned: number;
}

/** Finds the run of the newest commit of the base branch; of one commit, the run that was appended last. */
export class BaseRuns {
  readonly #rankOf: ReadonlyMap<string, number>;
  #newest: { readonly rank: number; readonly run: BaseRun } | undefined;
  #dirty = 0;
  #notSigned = 0;

  constructor(commits: readonly string[]) {
    this.#rankOf = new Map(commits.map((commit, rank) => [commit, rank]));
  }

  /** @param isSigned whether the entry is signed as the policy asks. */
  follow({ sequence, digest, keyId }: LedgerEntry, body: EntryOf<'run-started'>, isSigned: boolean): void {
    const rank = body.commit === null ? undefined : this.#rankOf.get(body.commit);
    if (rank === undefined) return;
    if (!isSigned) this.#notSigned += 1;
    // What a changed work tree promised is not what its commit promises.
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
