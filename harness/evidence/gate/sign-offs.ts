import type { EntryOf, LedgerEntry } from '../entry.ts';
import { promiseKey } from '../promises.ts';
import type { SignOffFacts } from './decision.ts';

/** What a sign-off says of one promise: a contract with one disaster, or with null for a posture contract. */
interface Reviewed {
  readonly contract: string;
  readonly disaster: string | null;
  readonly sequence: number;
  /** Null where the sign-off does not name it. */
  readonly digest: string | null;
}

/** The disasters of a contract, as far as the question concerns it; `[null]` for a posture contract, none for an unknown one. */
type DisastersOf = (contract: string) => readonly (string | null)[];

/** Keeps, for each promise, the sign-off that reviewed its latest entry. A review of older entries takes nothing back. */
export class SignOffs {
  readonly #kept = new Map<string, SignOffFacts>();

  /** @param counts whether the key of the entry may sign that contract off. */
  follow(entry: LedgerEntry, body: EntryOf<'sign-off'>, disastersOf: DisastersOf, counts: (name: string) => boolean) {
    const { sequence, digest, keyId } = entry;
    if (keyId === null) return;
    const { reviewer, role = null, outcome, comment, at } = body;
    for (const { contract, disaster, ...reviewed } of reviewedBy(entry, body, disastersOf)) {
      // Nobody reviews what does not exist yet: `verify` names such a sign-off.
      if (reviewed.sequence >= sequence || !counts(contract)) continue;
      const key = promiseKey(contract, disaster);
      if (reviewed.sequence < (this.#kept.get(key)?.reviewed.sequence ?? 0)) continue;
      this.#kept.set(key, { reviewer, role, outcome, comment, at, sequence, digest, keyId, reviewed });
    }
  }

  get kept(): ReadonlyMap<string, SignOffFacts> {
    return this.#kept;
  }
}

function reviewedBy(
  { sequence, previous }: LedgerEntry,
  { contract, reviewed }: EntryOf<'sign-off'>,
  disastersOf: DisastersOf,
): readonly Reviewed[] {
  if (reviewed !== undefined) return reviewed;
  if (contract == null) return [];
  // Without a list, it is about everything of the contract that the ledger held at that time.
  return disastersOf(contract).map((disaster) => ({
    contract,
    disaster,
    sequence: sequence - 1,
    digest: previous,
  }));
}
