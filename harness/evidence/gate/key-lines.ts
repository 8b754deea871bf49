import type { LedgerEntry } from '../entry.ts';

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
