import type { Clock } from '../../clock/clock.ts';
import { ExplainedError } from '../../model/errors.ts';
import { parsedOptions } from '../../model/options-mistake.ts';
import { type EntryBody, isReview, type LedgerEntry, type LedgerSubject, newEntryBodySchema } from '../entry.ts';
import { decodeEntry, digestOf, encodeEntry, entryName, isUnreadable, MOST_ENTRIES, sequenceIn } from './entry-file.ts';
import type { Signer } from './envelope.ts';
import { ReplacedKeyCheck } from './key-trust.ts';
import { readFiles, unreadable } from './ledger-store.ts';
import type { LedgerStore } from './store.ts';

type WithoutTime<T> = T extends EntryBody ? Omit<T, 'at'> : never;
/** The content of a new entry; the ledger adds the time of appending. */
export type NewEntry = WithoutTime<EntryBody>;

export interface Appended {
  readonly sequence: number;
  readonly digest: string;
  readonly at: string;
  /** How far this machine's clock is behind the previous entry; 0 if it is not. */
  readonly clockBehindMs: number;
}

interface AppendOptions {
  /** The tested artefacts; the default is the commit of the entry. */
  readonly subjects?: readonly LedgerSubject[];
  /**
   * Prevents the append if `isThere` accepts an entry that another writer appended in the meantime.
   * Entries up to `since` are ignored.
   */
  readonly unless?: { readonly since: number; readonly isThere: (entry: LedgerEntry) => boolean };
}

/** The last entry of a ledger. */
interface Head {
  readonly sequence: number;
  readonly digest: string | null;
  readonly at: string | undefined;
}

/** Maximum number of entries at the end that are read to see whether a ledger is signed: an unsigned ledger may be long. */
const MOST_LOOKED_AT = 64;
/** Maximum number of attempts. So many concurrent writers are unlikely; more attempts mean another fault. */
const MOST_ATTEMPTS = 1_000;

/** Appends entries to a ledger. It executes calls one after the other; other processes may append at the same time. */
export class Ledger implements Disposable {
  readonly store: LedgerStore;
  readonly #signer: Signer | undefined;
  readonly #clock: Clock;
  readonly #keyCheck: ReplacedKeyCheck | undefined;
  #head: Head = { sequence: 0, digest: null, at: undefined };
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: LedgerStore, signer: Signer | undefined, clock: Clock) {
    this.store = store;
    this.#signer = signer;
    this.#clock = clock;
    this.#keyCheck = signer === undefined ? undefined : new ReplacedKeyCheck(store, signer);
  }

  /**
   * Checks from the end of the ledger whether the key may still sign. Without a key, it reads nothing. Each append checks this as well.
   * @throws {ReplacedKeyError} when an entry has replaced it.
   * @throws {ExplainedError} when the ledger cannot be read.
   */
  async requireKeyInForce(signal: AbortSignal): Promise<void> {
    if (this.#keyCheck === undefined) return;
    await this.#keyCheck.requireInForce((await this.#latest(signal)).sequence, signal);
  }

  /**
   * Returns whether one of the last entries of runs is signed. Then an unsigned entry would make the ledger invalid for good.
   * @throws {ExplainedError} when the ledger cannot be read.
   */
  async isSigned(signal: AbortSignal): Promise<boolean> {
    let looked = 0;
    for await (const { entry } of readFiles(this.store, signal, 'newest first')) {
      looked += 1;
      // An otherwise unsigned ledger may have signed reviews. `verify` reports unreadable entries.
      if (!isUnreadable(entry) && !isReview(entry.body) && entry.keyId !== null) return true;
      if (looked === MOST_LOOKED_AT) return false;
    }
    return false;
  }

  /**
   * Appends one entry after the last one, regardless of its writer.
   * @returns undefined when `unless` prevented it.
   * @throws {ExplainedError} when it cannot be signed or written, or an entry has replaced the key; the ledger is then unchanged.
   */
  append(entry: NewEntry, options: AppendOptions, signal: AbortSignal): Promise<Appended | undefined> {
    const appended = this.#last.then(() => this.#append(entry, options, signal));
    this.#last = appended.catch(() => undefined);
    return appended;
  }

  async #append(entry: NewEntry, options: AppendOptions, signal: AbortSignal): Promise<Appended | undefined> {
    // The first attempt follows the last known entry: if another writer was faster, that name exists.
    let head = this.#head.sequence === 0 ? await this.#latest(signal) : this.#head;
    let seen = options.unless?.since ?? head.sequence;
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      if (options.unless !== undefined && (await this.#has(options.unless.isThere, seen, head, signal)))
        return undefined;
      seen = head.sequence;
      await this.#keyCheck?.requireInForce(head.sequence, signal);
      const at = this.#clock.now().utc;
      const thing = `entry for the ledger ${this.store.at}`;
      const body = parsedOptions(thing, newEntryBodySchema, { ...entry, at }, 'Nothing was appended.');
      const place = { sequence: head.sequence + 1, previous: head.digest };
      if (place.sequence > MOST_ENTRIES) throw this.#full();
      const bytes = await encodeEntry(place, body, { subjects: options.subjects ?? [], signer: this.#signer }, signal);
      if (await this.#isCreated(place.sequence, bytes, signal)) {
        const digest = digestOf(bytes);
        this.#head = { sequence: place.sequence, digest, at };
        if (body.kind !== 'key-changed') this.#keyCheck?.appended(place.sequence);
        const clockBehindMs = head.at === undefined ? 0 : Math.max(0, Date.parse(head.at) - Date.parse(at));
        return { sequence: place.sequence, digest, at, clockBehindMs };
      }
      head = await this.#latest(signal);
    }
    throw this.#neverFirst();
  }

  /**
   * Returns whether a refused entry is this one: a repeated request is refused if the first one was successful.
   */
  async #isCreated(sequence: number, bytes: Buffer, signal: AbortSignal): Promise<boolean> {
    const name = entryName(sequence);
    if (await this.store.create(name, bytes, signal)) return true;
    return (await this.#readIfThere(name, signal))?.equals(bytes) === true;
  }

  /**
   * Reads an entry; undefined if it does not exist. S3 refuses a write while another one of the same key is in progress, which may still
   * fail.
   */
  async #readIfThere(name: string, signal: AbortSignal): Promise<Buffer | undefined> {
    for await (const found of this.store.names(signal, nameBefore(name))) {
      return found === name ? Buffer.from(await this.store.read(name, signal)) : undefined;
    }
    return undefined;
  }

  /** Returns the last entry, searching from the last known one. */
  async #latest(signal: AbortSignal): Promise<Head> {
    let last = this.#head.sequence;
    const after = last === 0 ? undefined : entryName(last);
    for await (const name of this.store.names(signal, after)) last = sequenceIn(name) ?? last;
    if (last === this.#head.sequence) return this.#head;
    const bytes = await this.store.read(entryName(last), signal);
    const entry = decodeEntry(bytes);
    this.#head = {
      sequence: last,
      digest: digestOf(bytes),
      at: isUnreadable(entry) ? undefined : entry.body.at,
    };
    return this.#head;
  }

  async #has(isThere: (entry: LedgerEntry) => boolean, since: number, head: Head, signal: AbortSignal) {
    for (let sequence = since + 1; sequence <= head.sequence; sequence += 1) {
      const name = entryName(sequence);
      const entry = decodeEntry(await this.store.read(name, signal));
      if (isUnreadable(entry)) throw unreadable(this.store, name, entry);
      if (isThere(entry)) return true;
    }
    return false;
  }

  #full(): ExplainedError {
    return new ExplainedError({
      thing: `ledger ${this.store.at}`,
      expected: `room for another entry (it may hold ${MOST_ENTRIES})`,
      observed: 'it is full',
      nextStep: 'Begin a new ledger at another place, and keep this one.',
    });
  }

  #neverFirst(): ExplainedError {
    return new ExplainedError({
      thing: `ledger ${this.store.at}`,
      expected: 'to append an entry',
      observed: `other writers were first ${MOST_ATTEMPTS} times`,
      nextStep: 'Check what else writes there. The record of the run is kept, and the next run appends it.',
    });
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
  }
}

const nameBefore = (name: string): string => entryName((sequenceIn(name) ?? 1) - 1);

const DAY_MS = 86_400_000;
/** Size of a batch of old entries: with batches, not every run writes a checkpoint. */
const BATCH_DAYS = 30;

interface RemovedEntries {
  readonly removedThrough: number;
  readonly count: number;
}

/**
 * Removes entries that are older than `keepDays`, from the first one up to the first younger or unreadable one. Before that it
 * appends a checkpoint, which confirms the beginning of the remaining chain. It continues an interrupted removal.
 * @returns undefined when no entry was old enough.
 */
export async function removeOldEntries(
  ledger: Ledger,
  { keepDays, nowUtc }: { readonly keepDays: number; readonly nowUtc: string },
  signal: AbortSignal,
): Promise<RemovedEntries | undefined> {
  const nowMs = Date.parse(nowUtc);
  const removedBefore = new Date(nowMs - keepDays * DAY_MS).toISOString();
  const batchBefore = new Date(nowMs - (keepDays + BATCH_DAYS) * DAY_MS).toISOString();
  const old: string[] = [];
  let last: LedgerEntry | undefined;
  for await (const { name, entry } of readFiles(ledger.store, signal)) {
    if (isUnreadable(entry) || entry.body.at >= (last === undefined ? batchBefore : removedBefore)) break;
    last = entry;
    old.push(name);
  }
  if (last === undefined) return undefined;
  const { sequence: removedThrough, digest } = last;
  await ledger.append({ kind: 'checkpoint', removedThrough, digest, removedBefore, keepDays }, {}, signal);
  await ledger.store.remove(old, signal);
  return { removedThrough, count: old.length };
}
