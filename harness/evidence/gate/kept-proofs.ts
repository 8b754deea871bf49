import type { Verdict } from '../../model/record.ts';
import { isKept } from '../../model/verdict-names.ts';
import type { SignedEntry } from './base-runs.ts';
import type { RegressionFacts } from './decision.ts';

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
