import type { EntryOf, LedgerEntry } from '../entry.ts';

/** What a run was to do, and what of it came about. */
export interface RunScope {
  /** Contracts that it was to run: what was asked for, without what the target cannot carry. */
  readonly wanted: readonly string[];
  /** Whether it ran these contracts, as far as the project still promised them. */
  covers(contracts: readonly string[]): boolean;
}

interface BegunRun {
  readonly promised: ReadonlySet<string>;
  readonly selected: readonly string[];
  readonly ran: Set<string>;
}

/** Runs of which the ledger has not shown the end. A run beyond that is forgotten. */
const MOST_OPEN_RUNS = 256;

/** Follows which contracts each run was to run, and which it ran: only another run of the same contracts repeats it. */
export class RunScopes {
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

  /** The scope of a run that has ended. Where the ledger does not hold its beginning, it was to do what it did. */
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
