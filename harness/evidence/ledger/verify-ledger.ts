import { formatDuration } from '../../model/units.ts';
import { CLOCK_SKEW_MS, type LedgerEntry } from '../entry.ts';
import { AnchorCheck, type PlacedAnchor } from './anchor.ts';
import { Chain, type Checkpoint } from './chain.ts';
import { isUnreadable, type StoredEntry, sequenceIn } from './entry-file.ts';
import { type Fault, type FaultName, MOST_FAULTS_OF_A_KIND, type Note } from './fault.ts';
import { type EntryTrust, KeyTrust } from './key-trust.ts';
import { type FoundEntry, readFiles } from './ledger-store.ts';
import type { PublicKey } from './public-key.ts';
import { ReviewCheck, RunCheck } from './run-check.ts';
import type { LedgerStore } from './store.ts';

export interface VerifyOptions {
  /** The trusted keys. Without any, a ledger is never valid. */
  readonly keys: readonly PublicKey[];
  /** Keys that are trusted only for sign-offs and deviations. */
  readonly reviewerKeys?: readonly PublicKey[] | undefined;
  readonly anchors: readonly PlacedAnchor[];
  readonly nowUtc: string;
  /** Time up to which scheduled runs are expected; the default is now. */
  readonly dueUtc?: string | undefined;
  /** Called with each readable entry, in order. */
  readonly onEntry?: (entry: LedgerEntry, trust: EntryTrust) => void;
}

/**
 * - `valid`: unbroken, and signed by pinned keys from the first signed entry on. Earlier entries may have no signature.
 * - `not pinned`: signed and unbroken, but no key was given for checking the signatures.
 * - `unsigned`: unbroken, but without any signature.
 * - `incomplete`: no known change, but scheduled runs are missing or entries are of a later version.
 * - `invalid`: something was changed.
 */
export type LedgerVerdict = 'valid' | 'not pinned' | 'unsigned' | 'incomplete' | 'invalid' | 'empty';

export interface LedgerVerification {
  readonly verdict: LedgerVerdict;
  readonly entries: number;
  readonly runs: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly head: { readonly sequence: number; readonly digest: string } | null;
  /** Number of signed entries by key identity. */
  readonly signedBy: Readonly<Record<string, number>>;
  readonly unsigned: number;
  /** Ranges of entries that are allowed to be unsigned, by first and last entry; only the first ranges. */
  readonly unsignedEntries: readonly (readonly [first: number, last: number])[];
  /** The first signed entry, apart from sign-offs and deviations; undefined if there is none. */
  readonly signedFrom?: number | undefined;
  /** The first of each kind, in the order of the ledger. */
  readonly faults: readonly Fault[];
  /** Number of faults of each kind, including unlisted ones. */
  readonly faultCounts: Readonly<Partial<Record<FaultName, number>>>;
  readonly notes: readonly Note[];
}

/**
 * Reads a whole ledger once and returns whether it is trustworthy. Memory does not grow with it.
 * @throws {ExplainedError} when its place is unreadable.
 */
export async function verifyLedger(
  store: LedgerStore,
  options: VerifyOptions,
  signal: AbortSignal,
): Promise<LedgerVerification> {
  return await verifyEntries(readFiles(store, signal), options);
}

/** Verifies files that were already read. */
export async function verifyEntries(
  found: AsyncIterable<FoundEntry> | Iterable<FoundEntry>,
  options: VerifyOptions,
): Promise<LedgerVerification> {
  const verifier = new Verifier(options);
  for await (const each of found) verifier.follow(each);
  return verifier.end();
}

class Verifier {
  readonly #options: VerifyOptions;
  readonly #faults = new FaultList();
  readonly #chain = new Chain();
  readonly #runs = new RunCheck();
  readonly #reviews = new ReviewCheck(this.#runs);
  readonly #trust: KeyTrust;
  readonly #anchors: readonly AnchorCheck[];
  readonly #checkpoints: Checkpoint[] = [];
  readonly #signedBy = new Map<string, number>();
  readonly #notes: Note[] = [];
  #entries = 0;
  #unsigned = 0;
  readonly #unsignedEntries: [first: number, last: number][] = [];
  #from: string | undefined;
  #to: string | undefined;
  #head: LedgerVerification['head'] = null;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#trust = new KeyTrust(options.keys, options.reviewerKeys);
    this.#anchors = options.anchors.map((anchor) => new AnchorCheck(anchor));
  }

  follow({ name, entry }: FoundEntry): void {
    const named = sequenceIn(name) ?? 0;
    this.#entries += 1;
    if (isUnreadable(entry)) {
      this.#faults.add({
        name: entry.isNewer ? 'newer' : 'edited',
        sequence: named,
        sentence: entry.isNewer
          ? `Entry ${named} was written by a later version of dr-contracts: ${entry.reason}. Update to verify it.`
          : `Entry ${named} was edited or damaged: ${entry.reason}.`,
      });
      this.#chain.skip(named, entry.digest, !entry.isNewer);
      for (const anchor of this.#anchors) anchor.follow(named, entry.digest, undefined);
      return;
    }
    const fault = this.#trust.check(entry);
    if (fault !== undefined) this.#faults.add({ ...fault, sequence: entry.sequence });
    const trust = this.#trustIn(entry, fault !== undefined);
    this.#chain.follow({ named, ...entry }, trust);
    // Entries by untrusted keys say nothing about keys, runs and removals.
    if (fault === undefined) this.#believe(entry);
    this.#date(entry);
    for (const anchor of this.#anchors) anchor.follow(entry.sequence, entry.digest, entry.body.at);
    if (entry.sequence >= (this.#head?.sequence ?? 0)) this.#head = { sequence: entry.sequence, digest: entry.digest };
    this.#options.onEntry?.(plain(entry), trust);
  }

  #believe(entry: StoredEntry): void {
    const { sequence, keyId, body } = entry;
    if (keyId === null) this.#countUnsigned(sequence);
    else this.#signedBy.set(keyId, (this.#signedBy.get(keyId) ?? 0) + 1);
    this.#trust.follow(sequence, keyId, body);
    this.#reviews.follow(entry);
    this.#runs.follow(entry);
    if (body.kind === 'checkpoint') this.#checkpoints.push(body);
  }

  #countUnsigned(sequence: number): void {
    this.#unsigned += 1;
    const last = this.#unsignedEntries.at(-1);
    if (last?.[1] === sequence - 1) last[1] = sequence;
    else if (this.#unsignedEntries.length < MOST_FAULTS_OF_A_KIND) this.#unsignedEntries.push([sequence, sequence]);
  }

  #date({ sequence, body: { at } }: StoredEntry): void {
    const { nowUtc } = this.#options;
    const behindMs = this.#to === undefined ? 0 : Date.parse(this.#to) - Date.parse(at);
    if (behindMs > CLOCK_SKEW_MS) {
      this.#note(
        'clock went backwards',
        `Entry ${sequence} is dated ${at}, ${formatDuration(behindMs)} before an earlier entry: a clock went backwards.`,
      );
    }
    const aheadMs = Date.parse(at) - Date.parse(nowUtc);
    if (aheadMs > CLOCK_SKEW_MS) {
      this.#note(
        'dated in the future',
        `Entry ${sequence} is dated ${at}, which is ${formatDuration(aheadMs)} from now.`,
      );
    }
    this.#from ??= at;
    if (behindMs <= 0) this.#to = at;
  }

  #note(name: Note['name'], sentence: string): void {
    if (this.#notes.filter((note) => note.name === name).length < MOST_FAULTS_OF_A_KIND)
      this.#notes.push({ name, sentence });
  }

  #trustIn({ keyId }: StoredEntry, isBad: boolean): EntryTrust {
    if (isBad) return 'bad';
    if (keyId === null) return 'unsigned';
    return this.#trust.isPinned ? 'verified' : 'not checked';
  }

  end(): LedgerVerification {
    this.#runs.end(this.#options.dueUtc ?? this.#options.nowUtc);
    for (const fault of this.#chain.end(this.#checkpoints)) this.#faults.add(fault);
    // Missing or bad entries are already reported, so their runs are not reported for lacking them.
    const removedThrough = Math.max(0, ...this.#checkpoints.map((each) => each.removedThrough));
    const isExplained = this.#faults.any();
    for (const fault of this.#runs.faultsAfter(removedThrough)) {
      if (fault.name !== 'incomplete run' || !isExplained) this.#faults.add(fault);
    }
    for (const fault of this.#reviews.faultsAfter(removedThrough)) {
      if (!isExplained) this.#faults.add(fault);
    }
    for (const anchor of this.#anchors) {
      anchor.end(this.#chain.head);
      for (const fault of anchor.faults) this.#faults.add(fault);
    }
    return {
      verdict: this.#verdict(),
      entries: this.#entries,
      runs: this.#runs.runs,
      from: this.#from ?? null,
      to: this.#to ?? null,
      head: this.#head,
      signedBy: Object.fromEntries(this.#signedBy),
      unsigned: this.#unsigned,
      unsignedEntries: this.#unsignedEntries,
      signedFrom: this.#trust.signedFrom,
      faults: this.#faults.listed(),
      faultCounts: this.#faults.counts(),
      notes: [
        ...this.#notes,
        ...this.#runs.notes,
        ...this.#reviews.notesAt(this.#options.nowUtc),
        ...this.#anchors.flatMap(({ notes }) => notes),
      ],
    };
  }

  #verdict(): LedgerVerdict {
    const names = Object.keys(this.#faults.counts());
    if (names.some((name) => name !== 'missing run' && name !== 'newer')) return 'invalid';
    if (this.#entries === 0) return 'empty';
    if (this.#trust.signedFrom === undefined) return 'unsigned';
    if (!this.#trust.isPinned) return 'not pinned';
    return names.length > 0 ? 'incomplete' : 'valid';
  }
}

/** Keeps the first faults of each kind, and counts the others. */
class FaultList {
  readonly #kept: Fault[] = [];
  readonly #counts = new Map<FaultName, number>();

  add(fault: Fault): void {
    const count = (this.#counts.get(fault.name) ?? 0) + 1;
    this.#counts.set(fault.name, count);
    if (count <= MOST_FAULTS_OF_A_KIND) this.#kept.push(fault);
  }

  any(): boolean {
    return this.#counts.size > 0;
  }

  listed(): readonly Fault[] {
    return this.#kept.toSorted((one, other) => (one.sequence ?? Infinity) - (other.sequence ?? Infinity));
  }

  counts(): Partial<Record<FaultName, number>> {
    return Object.fromEntries(this.#counts);
  }
}

function plain({ envelopes: _, ...entry }: StoredEntry): LedgerEntry {
  return entry;
}

type Told = Pick<LedgerVerification, 'verdict' | 'faultCounts' | 'unsigned' | 'signedFrom' | 'head' | 'entries'>;

/** Returns the sentence on a whole ledger, without a full stop. `verify` and the reports share it. */
export function verdictSentence(verification: Told): string {
  const { verdict, faultCounts } = verification;
  const count = Object.values(faultCounts).reduce((sum, each) => sum + each, 0);
  const things = `${count} ${count === 1 ? 'thing is' : 'things are'}`;
  const missing = count === 0 ? '' : `; ${things} missing or cannot be read`;
  switch (verdict) {
    case 'valid':
      return validSentence(verification);
    case 'unsigned':
      return `unsigned: unbroken, but anybody could have written it${missing}`;
    case 'not pinned':
      return `signed and unbroken, but no key was given: --key names the keys to trust${missing}`;
    case 'incomplete':
      return `incomplete: what is there can be trusted, but ${things} missing or cannot be read`;
    case 'empty':
      return 'empty: there is no entry, so nothing is proved';
    case 'invalid':
      return `not valid: ${things} wrong`;
  }
}

function validSentence({ unsigned, signedFrom, head, entries }: Told): string {
  if (unsigned === 0 || signedFrom === undefined || head === null) {
    return 'valid: unbroken, and signed by the keys that were given';
  }
  // Signed reviews may be between unsigned entries: then the unsigned ones are not the first entries of the ledger.
  const areFirst = head.sequence - entries + 1 + unsigned === signedFrom;
  const which = areFirst
    ? `the first ${unsigned === 1 ? 'entry is' : `${unsigned} entries are`} unsigned`
    : `${unsigned} earlier ${unsigned === 1 ? 'entry is' : 'entries are'} unsigned`;
  return `valid: unbroken; signed by the keys that were given from entry ${signedFrom} on, ${which}`;
}
