import type { Verdict } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { type EntryOf, type LedgerEntry, promiseKey } from '../entry.ts';
import type { SignedEntry } from './base-runs.ts';
import type { RegressionFacts, SignOffFacts } from './decision.ts';

// The proofs of one promise that a decision needs: of all proofs in the ledger, the last ones on each target.

const MOST_TARGETS = 16;

export interface Proof<R> {
  readonly record: R;
  readonly recorded: Verdict;
  readonly sequence: number;
  readonly digest: string;
  readonly runId: string;
  readonly keyId: string | null;
  readonly target: string;
  readonly commit: string | null;
  /** When it was proved: the earlier of the end of the drill and the date of the entry. */
  readonly provedAtMs: number;
  readonly appendedAtMs: number;
  readonly regression: RegressionFacts | null;
  /** The entry that states with which files its run began; null where that is not known. */
  readonly begun: SignedEntry | null;
}

/** What is known of one disaster (or posture contract) on one target. An `unproven` drill never clears a breach. */
export interface TargetProofs<R> {
  readonly latest: Proof<R>;
  readonly lastMet: Proof<R> | null;
  readonly lastBreach: Proof<R> | null;
}

/** A proof of other files than those that are asked about. */
export interface OtherVersion<R> extends Proof<R> {
  /** Files that changed since; null where nobody knows which version it was. */
  readonly changed: readonly string[] | null;
}

/** A proof that is not signed as the policy asks, for the message. */
export type StrangerProof = Pick<Proof<unknown>, 'sequence' | 'provedAtMs' | 'recorded' | 'keyId'>;

export interface DisasterProofs<R> {
  /** Of this version, and signed as the policy asks. */
  readonly byTarget: ReadonlyMap<string, TargetProofs<R>>;
  /** The last one that is not signed as the policy asks, of whichever version. */
  readonly stranger: StrangerProof | null;
  /** By target, the last one of another version, signed as the policy asks. */
  readonly otherVersions: ReadonlyMap<string, OtherVersion<R>>;
}

export interface Kept<R> {
  readonly byTarget: Map<string, TargetProofs<R>>;
  stranger: StrangerProof | null;
  readonly otherVersions: Map<string, OtherVersion<R>>;
}

/** Puts a proof in its place among those that were kept. */
export function keep<R>(
  kept: Kept<R>,
  found: Omit<Proof<R>, 'regression'>,
  regression: RegressionFacts | null,
  isTrusted: boolean,
  other: { readonly changed: readonly string[] | null } | undefined,
): void {
  const { sequence, provedAtMs, recorded, target, keyId } = found;
  // A stranger's drill says nothing of any version: a waiver of `changed` must not make a proof of it.
  if (!isTrusted) {
    kept.stranger = { sequence, provedAtMs, recorded, keyId };
    return;
  }
  const proof: Proof<R> = { ...found, regression };
  if (other !== undefined) {
    const last = kept.otherVersions.get(target);
    if (last !== undefined && isAppendedAgain(proof, last)) return;
    setBounded(kept.otherVersions, target, { ...proof, ...other });
    return;
  }
  const before = kept.byTarget.get(target);
  if (before !== undefined && isAppendedAgain(proof, before.latest)) return;
  const isMet = isKept(recorded);
  setBounded(kept.byTarget, target, {
    latest: proof,
    lastMet: isMet ? proof : (before?.lastMet ?? null),
    lastBreach: recorded === 'breached' ? proof : (before?.lastBreach ?? null),
  });
}

/** The target that was written longest ago makes room. */
function setBounded<V>(byTarget: Map<string, V>, target: string, value: V): void {
  byTarget.delete(target);
  byTarget.set(target, value);
  const [oldest] = byTarget.keys();
  if (byTarget.size > MOST_TARGETS && oldest !== undefined) byTarget.delete(oldest);
}

/** An older drill that was appended later, or once more: it takes nothing back. Where the clock went backwards, the order decides. */
const isAppendedAgain = <R>(proof: Proof<R>, latest: Proof<R>): boolean =>
  proof.appendedAtMs >= latest.appendedAtMs && proof.provedAtMs < latest.provedAtMs;

/** A change of the key, as an entry states it. Whether the old key really signed it is checked in `verify-kept.ts`. */
export interface KeyChange {
  readonly sequence: number;
  readonly digest: string;
  /** The key that signed the change. */
  readonly from: string;
  readonly to: { readonly keyId: string; readonly publicKeyPem: string };
}

/** Follows the changes of keys in a ledger: which key descends from which, and which ones are retired. */
export class KeyLines {
  readonly changes: KeyChange[] = [];
  /** The keys from which each key descends by changes that the older key signed. */
  readonly #descent = new Map<string, ReadonlySet<string>>();
  readonly #retired = new Set<string>();

  follow({ sequence, digest, keyId, body }: LedgerEntry): void {
    if (body.kind !== 'key-changed' || keyId === null) return;
    this.changes.push({ sequence, digest, from: keyId, to: body.to });
    this.#descent.set(body.to.keyId, new Set([...this.#lineOf(keyId), body.to.keyId]));
    this.#retired.add(keyId);
    this.#retired.delete(body.to.keyId);
  }

  /** Whether it is one of those keys, or one to which such a key was changed, and was not changed itself. */
  descendsFrom(keyId: string | null, keys: readonly string[]): boolean {
    if (keyId === null || this.#retired.has(keyId)) return false;
    const line = this.#lineOf(keyId);
    return keys.some((key) => line.has(key));
  }

  #lineOf(keyId: string): ReadonlySet<string> {
    return this.#descent.get(keyId) ?? new Set([keyId]);
  }
}

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
