import type { Verdict } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { type EntryOf, type LedgerEntry, promiseKey } from '../entry.ts';
import type { SignedEntry } from './base-runs.ts';
import type { RegressionFacts, SignOffFacts } from './decision.ts';

// The proofs of one promise that a decision needs: the last ones on each target.

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
  /** Time of the proof: the end of the drill or the date of the entry, whichever is earlier. */
  readonly provedAtMs: number;
  readonly appendedAtMs: number;
  readonly regression: RegressionFacts | null;
  /** The entry that states the files of its run; null if there is none. */
  readonly begun: SignedEntry | null;
}

/** The kept proofs of one disaster (or posture contract) on one target. An `unproven` drill never clears a breach. */
export interface TargetProofs<R> {
  readonly latest: Proof<R>;
  readonly lastMet: Proof<R> | null;
  readonly lastBreach: Proof<R> | null;
}

/** A proof of other files than those in question. */
export interface OtherVersion<R> extends Proof<R> {
  /** Files that changed since; null if the version of the proof is unknown. */
  readonly changed: readonly string[] | null;
}

/** A proof without a signature that the policy accepts, for the message. */
export type StrangerProof = Pick<Proof<unknown>, 'sequence' | 'provedAtMs' | 'recorded' | 'keyId'>;

export interface DisasterProofs<R> {
  /** Proofs of this version with a signature that the policy accepts. */
  readonly byTarget: ReadonlyMap<string, TargetProofs<R>>;
  /** The last proof of any version without a signature that the policy accepts. */
  readonly stranger: StrangerProof | null;
  /** Maps a target to its last proof of another version with a signature that the policy accepts. */
  readonly otherVersions: ReadonlyMap<string, OtherVersion<R>>;
}

export interface Kept<R> {
  readonly byTarget: Map<string, TargetProofs<R>>;
  stranger: StrangerProof | null;
  readonly otherVersions: Map<string, OtherVersion<R>>;
}

/** Adds a proof to the kept ones. */
export function keep<R>(
  kept: Kept<R>,
  found: Omit<Proof<R>, 'regression'>,
  regression: RegressionFacts | null,
  isTrusted: boolean,
  other: { readonly changed: readonly string[] | null } | undefined,
): void {
  const { sequence, provedAtMs, recorded, target, keyId } = found;
  // A drill by an untrusted key is no proof of any version, so a waiver of `changed` must not apply to it.
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

/** Sets a value, and drops the target that was written longest ago if the map is full. */
function setBounded<V>(byTarget: Map<string, V>, target: string, value: V): void {
  byTarget.delete(target);
  byTarget.set(target, value);
  const [oldest] = byTarget.keys();
  if (byTarget.size > MOST_TARGETS && oldest !== undefined) byTarget.delete(oldest);
}

/**
 * Returns whether this is an older drill that was appended late or twice; such a drill changes nothing. If the clock went backwards, the
 * order of entries decides.
 */
const isAppendedAgain = <R>(proof: Proof<R>, latest: Proof<R>): boolean =>
  proof.appendedAtMs >= latest.appendedAtMs && proof.provedAtMs < latest.provedAtMs;

/** A change of the key, as an entry states it. `verify-kept.ts` checks whether the old key signed it. */
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

  /** Returns whether the key is one of those keys or a successor of one, and has not been replaced itself. */
  descendsFrom(keyId: string | null, keys: readonly string[]): boolean {
    if (keyId === null || this.#retired.has(keyId)) return false;
    const line = this.#lineOf(keyId);
    return keys.some((key) => line.has(key));
  }

  #lineOf(keyId: string): ReadonlySet<string> {
    return this.#descent.get(keyId) ?? new Set([keyId]);
  }
}

/** A reviewed promise of a sign-off: a contract with one disaster, or with null for a posture contract. */
interface Reviewed {
  readonly contract: string;
  readonly disaster: string | null;
  readonly sequence: number;
  /** Null where the sign-off does not name it. */
  readonly digest: string | null;
}

/** Returns the disasters of a contract in the question; `[null]` for a posture contract, none for an unknown one. */
type DisastersOf = (contract: string) => readonly (string | null)[];

/** Keeps, for each promise, the sign-off that reviewed its latest entry. A later review of older entries changes nothing. */
export class SignOffs {
  readonly #kept = new Map<string, SignOffFacts>();

  /** @param counts whether the key of the entry may sign that contract off. */
  follow(entry: LedgerEntry, body: EntryOf<'sign-off'>, disastersOf: DisastersOf, counts: (name: string) => boolean) {
    const { sequence, digest, keyId } = entry;
    if (keyId === null) return;
    const { reviewer, role = null, outcome, comment, at } = body;
    for (const { contract, disaster, ...reviewed } of reviewedBy(entry, body, disastersOf)) {
      // A sign-off cannot review a later entry. `verify` reports such a sign-off.
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
  // Without a list, the sign-off covers all entries of the contract that the ledger held at that time.
  return disastersOf(contract).map((disaster) => ({
    contract,
    disaster,
    sequence: sequence - 1,
    digest: previous,
  }));
}
