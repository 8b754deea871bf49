import type { Fault, FaultName } from './fault.ts';
import type { EntryTrust } from './key-trust.ts';

/** A link of the chain: an entry's own number, its digest, and the digest of its predecessor. */
export interface Link {
  /** The number in the file's name. */
  readonly named: number;
  /** The number in the entry itself. */
  readonly sequence: number;
  readonly digest: string;
  readonly previous: string | null;
}

/** A removal of old entries. An entry of the ledger confirms it. */
export interface Checkpoint {
  readonly removedThrough: number;
  readonly digest: string;
}

/**
 * Follows the chain of a ledger entry by entry, in the order of the files' names. It keeps the last link and the gaps. If the beginning of
 * the ledger is missing, it also keeps digests.
 */
export class Chain {
  readonly faults: Fault[] = [];
  #last: { readonly sequence: number; readonly digests: readonly Candidate[] } | undefined;
  /** The first existing entry. Its predecessor is unknown if it is unreadable. */
  #first: { readonly sequence: number; readonly previous: string | null | undefined } | undefined;
  /** Ranges of missing entries. */
  #gaps: { from: number; to: number }[] = [];
  readonly #moved: number[] = [];
  /** Digests of the first existing entries, which a checkpoint may name. */
  #afterFirst = new Map<number, string>();
  #misnamed: Link | undefined;

  /** The number of the last entry of the chain. */
  get head(): number {
    return this.#last?.sequence ?? 0;
  }

  /** Adds a readable entry. If its signature is bad, a broken link is not reported. */
  follow(link: Link, trust: EntryTrust): void {
    if (link.named !== link.sequence) this.#misnamed ??= link;
    if (this.#last === undefined) {
      this.#first = link;
      if (link.sequence > 1) this.#gaps.push({ from: 1, to: link.sequence - 1 });
      else if (link.previous !== null)
        this.#tell('edited', 1, 'Entry 1 names a predecessor, and the first entry has none.');
      this.#take(link, trust);
      return;
    }
    if (link.sequence === this.#last.sequence + 1) this.#next(link, trust);
    else if (link.sequence > this.#last.sequence) {
      this.#gaps.push({ from: this.#last.sequence + 1, to: link.sequence - 1 });
      this.#settle(undefined);
      this.#take(link, trust);
    } else if (this.#fill(link.sequence)) this.#moved.push(link.sequence);
    else this.#another(link, trust);
  }

  /** Adds an unreadable file under the number in its name. The next entry should name its digest. */
  skip(named: number, digest: string, isDamaged: boolean): void {
    const expected = (this.#last?.sequence ?? 0) + 1;
    if (named < expected) return;
    this.#first ??= { sequence: named, previous: undefined };
    if (named > expected) this.#gaps.push({ from: expected, to: named - 1 });
    this.#settle(undefined);
    this.#last = { sequence: named, digests: [{ digest, named, trust: isDamaged ? 'bad' : 'not checked' }] };
  }

  /** Ends the chain. Missing entries were deleted, unless a checkpoint removed them. */
  end(checkpoints: readonly Checkpoint[]): readonly Fault[] {
    this.#settle(undefined);
    for (const sequence of this.#moved) {
      this.#tell('reordered', sequence, `Entry ${sequence} was moved: it stands after a later one.`);
    }
    this.#checkRemoved(checkpoints);
    // An interrupted removal leaves some of the entries that its checkpoint names.
    const removed = Math.max(0, ...checkpoints.map(({ removedThrough }) => removedThrough));
    for (const { from, to } of this.#gaps) {
      const first = Math.max(from, removed + 1);
      if (first <= to) this.#tell('deleted', first, `${entries(first, to)} deleted.`);
    }
    if (this.faults.length === 0 && this.#misnamed !== undefined) {
      const { named, sequence } = this.#misnamed;
      this.#tell('reordered', sequence, `Entry ${sequence} lies under the name of entry ${named}.`);
    }
    return this.faults;
  }

  /** Checks that the last removed entry is the one that the checkpoint names, if the remaining entries show it. */
  #checkRemoved(checkpoints: readonly Checkpoint[]): void {
    const first = this.#first;
    if (first === undefined || first.sequence === 1) return;
    for (const { removedThrough, digest } of checkpoints) {
      const found = removedThrough === first.sequence - 1 ? first.previous : this.#afterFirst.get(removedThrough);
      if (found === undefined || found === digest) continue;
      this.#tell(
        'edited',
        removedThrough,
        `Entry ${removedThrough} is not the one up to which old entries were removed.`,
      );
    }
  }

  #next(link: Link, trust: EntryTrust): void {
    const { digests, sequence } = this.#last ?? { digests: [], sequence: 0 };
    const predecessor = digests.find(({ digest }) => digest === link.previous);
    this.#settle(predecessor);
    const isTold = trust === 'bad' || digests.some((each) => each.trust === 'bad');
    if (predecessor === undefined && !isTold) this.#broken(link, sequence, trust, digests);
    this.#take(link, trust);
  }

  /**
   * Reports an entry that names another predecessor. If trusted keys signed both, the predecessor belongs here, because its own link is
   * correct; so this entry comes from elsewhere. Without signatures, an edit is the simplest explanation.
   */
  #broken({ sequence, named: place }: Link, before: number, trust: EntryTrust, digests: readonly Candidate[]): void {
    if (trust === 'verified' && digests.every((each) => each.trust === 'verified')) {
      const entry = named({ sequence, named: place });
      this.#tell('inserted', sequence, `${entry} comes from elsewhere: it was not written after entry ${before}.`);
    } else {
      this.#tell(
        'edited',
        before,
        `Entry ${before} was edited or replaced: it is not the one after which entry ${sequence} was written.`,
      );
    }
  }

  /** Reports a second entry with an existing number. The next entry shows which of the two is genuine. */
  #another(link: Link, trust: EntryTrust): void {
    if (this.#last?.sequence !== link.sequence) {
      this.#tell('inserted', link.sequence, `${named(link)} was inserted: there is another entry ${link.sequence}.`);
      return;
    }
    this.#last = {
      sequence: link.sequence,
      digests: [...this.#last.digests, { digest: link.digest, named: link.named, trust }],
    };
  }

  #settle(real: Candidate | undefined): void {
    const { digests = [], sequence = 0 } = this.#last ?? {};
    if (digests.length < 2) return;
    const kept = real ?? digests[0];
    for (const each of digests.filter((candidate) => candidate !== kept)) {
      this.#tell(
        'inserted',
        sequence,
        `${named({ ...each, sequence })} was inserted: there is another entry ${sequence}.`,
      );
    }
    if (this.#last !== undefined && kept !== undefined) this.#last = { sequence, digests: [kept] };
  }

  #take(link: Link, trust: EntryTrust): void {
    this.#last = { sequence: link.sequence, digests: [{ digest: link.digest, named: link.named, trust }] };
    if ((this.#first?.sequence ?? 1) > 1) this.#afterFirst.set(link.sequence, link.digest);
  }

  #fill(sequence: number): boolean {
    const gap = this.#gaps.find(({ from, to }) => from <= sequence && sequence <= to);
    if (gap === undefined) return false;
    this.#gaps = this.#gaps.flatMap((each) =>
      each === gap
        ? [
            { from: gap.from, to: sequence - 1 },
            { from: sequence + 1, to: gap.to },
          ].filter(({ from, to }) => from <= to)
        : [each],
    );
    return true;
  }

  #tell(name: FaultName, sequence: number, sentence: string): void {
    this.faults.push({ name, sequence, sentence });
  }
}

interface Candidate {
  readonly digest: string;
  readonly named: number;
  readonly trust: EntryTrust;
}

const entries = (from: number, to: number): string =>
  from === to ? `Entry ${from} was` : `Entries ${from} to ${to} were`;

const named = ({ named: name, sequence }: Pick<Link, 'named' | 'sequence'>): string =>
  name === sequence ? `Entry ${sequence}` : `The entry ${sequence} that lies at place ${name}`;
