import { decodeEntry, entryName, isUnreadable } from '../ledger/entry-file.ts';
import { isSignedBy, type PublicKey, parsePublicKey } from '../ledger/public-key.ts';
import type { LedgerStore } from '../ledger/store.ts';
import type { SignedEntry } from './base-runs.ts';
import type { GateProofs } from './collect-proofs.ts';
import type { SignOffFacts } from './decision.ts';
import type { KeyChange } from './kept-proofs.ts';

// Checks the signatures of the proofs that count. While the ledger is read, a proof counts for the key that its envelope names. This
// module reads the few proofs of the decision again and checks their signatures.

/** An entry with a signature that its named key did not make. */
export interface Forged {
  readonly sequence: number;
  readonly observed: string;
}

/**
 * Checks every proof and sign-off that was kept, and every change of the key that leads to its key.
 * @param keys the pinned keys, from outside of the ledger.
 * @param asked whether the policy requires signed proofs. Sign-offs always require a signature.
 */
export async function forgedAmong(
  store: LedgerStore,
  proofs: GateProofs,
  keys: readonly PublicKey[],
  asked: { readonly proofs: boolean },
  signal: AbortSignal,
): Promise<readonly Forged[]> {
  const known = new Map(keys.map((key) => [key.keyId, key]));
  const forged: Forged[] = [];
  const check = async (entry: Pick<KeyChange, 'sequence' | 'digest'>, key: PublicKey): Promise<boolean> => {
    const observed = await wrongWith(store, entry, key, signal);
    if (observed !== undefined) forged.push({ sequence: entry.sequence, observed });
    return observed === undefined;
  };
  for (const change of proofs.keyChanges) {
    const by = known.get(change.from);
    // A change that an untrusted key signed adds no key.
    if (by === undefined || !(await check(change, by))) continue;
    const next = parsePublicKey(change.to.publicKeyPem, `entry ${change.sequence}: the new key`);
    if (next.keyId === change.to.keyId) known.set(next.keyId, next);
    else
      forged.push({
        sequence: change.sequence,
        observed: `names the key ${change.to.keyId.slice(0, 12)}, but holds another one`,
      });
  }
  for (const proof of [...(asked.proofs ? keptProofs(proofs) : []), ...keptSignOffs(proofs)]) {
    const key = proof.keyId === null ? undefined : known.get(proof.keyId);
    if (key !== undefined) await check(proof, key);
    // The decision itself handles entries without a signature.
    else if (proof.keyId !== null) {
      forged.push({
        sequence: proof.sequence,
        observed: `is signed by ${proof.keyId.slice(0, 12)}, whose public key was not given`,
      });
    }
  }
  return forged;
}

/** Returns every entry of a run that the decision depends on, each once: proofs, beginnings of their runs, and promises of other runs. */
function keptProofs({ drills, postures, base, promisedByCommit }: GateProofs): readonly SignedEntry[] {
  const proofs = [...drills.values(), ...postures.values()].flatMap(({ byTarget, otherVersions }) => [
    ...[...byTarget.values()].flatMap(({ latest, lastMet, lastBreach }) => [latest, lastMet, lastBreach]),
    ...otherVersions.values(),
  ]);
  const kept = [...proofs, ...proofs.map((proof) => proof?.begun ?? null), base?.run ?? null, promisedByCommit];
  return [...new Map(kept.flatMap((entry) => (entry === null ? [] : [[entry.sequence, entry] as const]))).values()];
}

/** Returns each kept sign-off once, because one may cover several contracts. */
const keptSignOffs = ({ signOffs }: GateProofs): readonly SignOffFacts[] => [
  ...new Map([...signOffs.values()].map((signOff) => [signOff.sequence, signOff])).values(),
];

async function wrongWith(
  store: LedgerStore,
  { sequence, digest }: Pick<KeyChange, 'sequence' | 'digest'>,
  key: PublicKey,
  signal: AbortSignal,
): Promise<string | undefined> {
  const entry = decodeEntry(await store.read(entryName(sequence), signal));
  if (isUnreadable(entry) || entry.digest !== digest) return 'was changed while the ledger was read';
  const isGood = entry.envelopes.every(
    ({ signature, signedBytes }) => signature?.keyId === key.keyId && isSignedBy(key, signedBytes, signature.bytes),
  );
  return isGood ? undefined : `does not carry the signature of the key that it names, ${key.keyId.slice(0, 12)}`;
}
