import { type EntryBody, isReview } from '../entry.ts';
import type { StoredEntry } from './entry-file.ts';
import type { Fault } from './fault.ts';
import { isSignedBy, type PublicKey, parsePublicKey } from './public-key.ts';

/**
 * - `verified`: a pinned key signed it, or one to which a pinned key was changed.
 * - `not checked`: it has a signature, and no key was pinned.
 */
export type EntryTrust = 'verified' | 'unsigned' | 'not checked' | 'bad';

type Trust = Omit<Fault, 'sequence'> | undefined;

/**
 * The keys that a verifier trusts: those that it pinned, and those to which a trusted key was changed by an entry that the old one
 * signed. From that entry on, the old key is retired.
 */
export class KeyTrust {
  readonly #keys = new Map<string, PublicKey>();
  readonly #reviewers: ReadonlyMap<string, PublicKey>;
  readonly #retired = new Map<string, { readonly by: number }>();
  readonly isPinned: boolean;
  #signedFrom: number | undefined;

  /** @param reviewers keys that may sign what a person says about runs, and nothing else. */
  constructor(pinned: readonly PublicKey[], reviewers: readonly PublicKey[] = []) {
    for (const key of pinned) this.#keys.set(key.keyId, key);
    this.#reviewers = new Map(reviewers.map((key) => [key.keyId, key]));
    this.isPinned = pinned.length > 0;
  }

  /** The first entry of a run that has a signature; undefined while there is none. */
  get signedFrom(): number | undefined {
    return this.#signedFrom;
  }

  /**
   * What is wrong with the signatures of an entry; undefined when they are good, or nothing was pinned. A ledger may begin unsigned: its first
   * signed entry names the digest of what came before, which cannot be changed from then on.
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
    // Who reviews an unsigned ledger signs for the review alone.
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
        sentence: `Entry ${sequence} is signed by a stranger: key ${short(keyId)} is none of those that were given, and none of them was changed to it.`,
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
