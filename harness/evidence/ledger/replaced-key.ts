import { ExplainedError } from '../../model/errors.ts';
import { decodeEntry, entryName, isUnreadable, type StoredEntry, type UnreadableEntry } from './entry-file.ts';
import type { Signer } from './envelope.ts';
import { short } from './key-trust.ts';
import { isSignedBy, type PublicKey, parsePublicKey } from './public-key.ts';
import { readFiles } from './read-ledger.ts';
import type { LedgerStore } from './store.ts';

/** The key of a writer was replaced: what it signed would make the ledger invalid for good. */
export class ReplacedKeyError extends ExplainedError {}

/**
 * Finds out whether the ledger says that the key of a writer was replaced. It reads from the end to the last entry that the key signed, and
 * later what was appended since.
 */
export class ReplacedKeyCheck {
  readonly #store: LedgerStore;
  readonly #key: PublicKey;
  /** Entries up to this one were looked at; 0 before the first look. */
  #seen = 0;

  constructor(store: LedgerStore, signer: Signer) {
    this.#store = store;
    this.#key = parsePublicKey(signer.publicKeyPem, `public key ${signer.keyId}`);
  }

  /**
   * @param head the number of the last entry; 0 for an empty ledger.
   * @throws {ReplacedKeyError} when the key was replaced.
   * @throws {ExplainedError} when the ledger cannot be read.
   */
  async requireInForce(head: number, signal: AbortSignal): Promise<void> {
    if (head === this.#seen) return;
    for await (const entry of this.#newestFirst(head, signal)) {
      // `verify` names what cannot be read.
      if (isUnreadable(entry)) continue;
      if (this.#isReplacedBy(entry)) throw this.#replaced(entry);
      if (this.#isLastThatMatters(entry)) break;
    }
    this.#seen = head;
  }

  /** The writer itself has appended an entry after those that were looked at. */
  appended(sequence: number): void {
    this.#seen = sequence;
  }

  async *#newestFirst(head: number, signal: AbortSignal): AsyncGenerator<StoredEntry | UnreadableEntry, void> {
    // Mostly the key has signed the last entry. Then no other one is read.
    const first = this.#seen === 0 ? head : this.#seen + 1;
    for (let sequence = head; sequence >= first; sequence -= 1) {
      yield decodeEntry(await this.#store.read(entryName(sequence), signal));
    }
    if (this.#seen > 0) return;
    for await (const { entry } of readFiles(this.#store, signal, 'newest first')) yield entry;
  }

  #isReplacedBy({ body, keyId, envelopes }: StoredEntry): boolean {
    if (body.kind !== 'key-changed' || keyId !== this.#key.keyId || body.to.keyId === keyId) return false;
    // Whoever can write to the place of the ledger could name this key. Only the key itself can sign.
    return envelopes.every(
      ({ signature, signedBytes }) => signature !== undefined && isSignedBy(this.#key, signedBytes, signature.bytes),
    );
  }

  /** What comes before says nothing more: the key signed here, it took the place of another one, or signatures have not begun. */
  #isLastThatMatters({ body, keyId }: StoredEntry): boolean {
    const isNew = body.kind === 'key-changed' && body.to.keyId === this.#key.keyId;
    return isNew || keyId === null || (keyId === this.#key.keyId && body.kind !== 'key-changed');
  }

  #replaced({ sequence, body }: StoredEntry): ReplacedKeyError {
    const next = body.kind === 'key-changed' ? ` by ${short(body.to.keyId)}…` : '';
    return new ReplacedKeyError({
      thing: `ledger key ${short(this.#key.keyId)}…`,
      expected: 'the key that signs the ledger now',
      observed: `it was replaced${next} in entry ${sequence}`,
      nextStep: 'Set `ledger.key` to the new key, and `ledger.reviewKey` or `--sign-with` where they name the old one.',
    });
  }
}
