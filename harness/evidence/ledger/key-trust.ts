import { ExplainedError } from '../../model/errors.ts';
import { type EntryBody, isReview } from '../entry.ts';
import { decodeEntry, entryName, isUnreadable, type StoredEntry, type UnreadableEntry } from './entry-file.ts';
import type { Signer } from './envelope.ts';
import type { Fault } from './fault.ts';
import { readFiles } from './ledger-store.ts';
import { isSignedBy, type PublicKey, parsePublicKey } from './public-key.ts';
import type { LedgerStore } from './store.ts';

/**
 * - `verified`: a pinned key or its successor signed it.
 * - `not checked`: it has a signature, and no key was pinned.
 */
export type EntryTrust = 'verified' | 'unsigned' | 'not checked' | 'bad';

type Trust = Omit<Fault, 'sequence'> | undefined;

/**
 * The keys that a verifier trusts: the pinned ones and their successors. The old key signs the entry that names its successor.
 * From that entry on, the old key is retired.
 */
export class KeyTrust {
  readonly #keys = new Map<string, PublicKey>();
  readonly #reviewers: ReadonlyMap<string, PublicKey>;
  readonly #retired = new Map<string, { readonly by: number }>();
  readonly isPinned: boolean;
  #signedFrom: number | undefined;

  /** @param reviewers keys that may only sign entries by people about runs. */
  constructor(pinned: readonly PublicKey[], reviewers: readonly PublicKey[] = []) {
    for (const key of pinned) this.#keys.set(key.keyId, key);
    this.#reviewers = new Map(reviewers.map((key) => [key.keyId, key]));
    this.isPinned = pinned.length > 0;
  }

  /** The first signed entry of a run; undefined while there is none. */
  get signedFrom(): number | undefined {
    return this.#signedFrom;
  }

  /**
   * Checks the signatures of an entry. The fault is undefined when they are valid, or no key was pinned. A ledger may begin unsigned: its
   * first signed entry names the digest of its predecessor, so earlier entries cannot be changed from then on.
   */
  check({ keyId, envelopes, sequence, body }: StoredEntry): Trust {
    const signers = new Set(envelopes.map(({ signature }) => signature?.keyId ?? null));
    if (signers.size > 1)
      return { name: 'edited', sentence: `Entry ${sequence} and its test result are not signed by one key.` };
    if (keyId === null) {
      if (this.#signedFrom === undefined) return undefined;
      return {
        name: 'unsigned',
        sentence: `Entry ${sequence} has no signature although earlier ones have: anybody could have written it.`,
      };
    }
    // A signed review in an unsigned ledger covers only the review.
    if (!isReview(body)) this.#signedFrom ??= sequence;
    const reviewer = this.#reviewers.get(keyId);
    if (!this.isPinned && reviewer === undefined) return undefined;
    const retired = this.#retired.get(keyId);
    if (retired !== undefined) {
      return {
        name: 'retired key',
        sentence: `Entry ${sequence} is signed by key ${short(keyId)}, which entry ${retired.by} had replaced.`,
      };
    }
    const key = this.#keys.get(keyId) ?? (isReview(body) ? reviewer : undefined);
    if (key === undefined && reviewer !== undefined) {
      return {
        name: 'stranger',
        sentence: `Entry ${sequence} (${body.kind}) is signed by key ${short(keyId)}, which may sign reviews only: it was given as --reviewer-key.`,
      };
    }
    if (key === undefined) {
      return {
        name: 'stranger',
        sentence: `Entry ${sequence} is signed by a stranger: key ${short(keyId)} was not given, and no given key was changed to it.`,
      };
    }
    if (envelopes.every(({ signedBytes, signature }) => signature && isSignedBy(key, signedBytes, signature.bytes))) {
      return undefined;
    }
    return {
      name: 'edited',
      sentence: `Entry ${sequence} was edited: its content is not what key ${short(keyId)} signed.`,
    };
  }

  /** Follows a change of key that a trusted key signed. */
  follow(sequence: number, keyId: string | null, body: EntryBody): void {
    if (body.kind !== 'key-changed' || keyId === null || !this.#keys.has(keyId)) return;
    const next = parsePublicKey(body.to.publicKeyPem, `the key in entry ${sequence}`);
    if (next.keyId === keyId) return;
    this.#keys.set(next.keyId, next);
    this.#keys.delete(keyId);
    this.#retired.set(keyId, { by: sequence });
    this.#retired.delete(next.keyId);
  }
}

export const short = (keyId: string): string => keyId.slice(0, 16);

/** The key of a writer was replaced: a further signature by it would make the ledger invalid for good. */
export class ReplacedKeyError extends ExplainedError {}

/**
 * Checks whether an entry of the ledger replaced the key of a writer. It reads from the end to the last entry that the key signed, and
 * later only new entries.
 */
export class ReplacedKeyCheck {
  readonly #store: LedgerStore;
  readonly #key: PublicKey;
  /** Number of the last checked entry; 0 before the first check. */
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
      // `verify` reports unreadable entries.
      if (isUnreadable(entry)) continue;
      if (this.#isReplacedBy(entry)) throw this.#replaced(entry);
      if (this.#isLastThatMatters(entry)) break;
    }
    this.#seen = head;
  }

  /** Records that the writer itself appended an entry after the checked ones. */
  appended(sequence: number): void {
    this.#seen = sequence;
  }

  async *#newestFirst(head: number, signal: AbortSignal): AsyncGenerator<StoredEntry | UnreadableEntry, void> {
    // Usually the key signed the last entry. Then no other one is read.
    const first = this.#seen === 0 ? head : this.#seen + 1;
    for (let sequence = head; sequence >= first; sequence -= 1) {
      yield decodeEntry(await this.#store.read(entryName(sequence), signal));
    }
    if (this.#seen > 0) return;
    for await (const { entry } of readFiles(this.#store, signal, 'newest first')) yield entry;
  }

  #isReplacedBy({ body, keyId, envelopes }: StoredEntry): boolean {
    if (body.kind !== 'key-changed' || keyId !== this.#key.keyId || body.to.keyId === keyId) return false;
    // Any writer with access to the ledger's place could name this key. Only the key itself can sign.
    return envelopes.every(
      ({ signature, signedBytes }) => signature !== undefined && isSignedBy(this.#key, signedBytes, signature.bytes),
    );
  }

  /** Returns whether earlier entries are irrelevant: the key signed here, it replaced another one, or signatures have not begun. */
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
