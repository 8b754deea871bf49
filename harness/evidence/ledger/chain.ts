import type { Fault, FaultName } from './fault.ts';
import type { EntryTrust } from './key-trust.ts';

/** What the chain consists of: an entry's own number, its digest, and what it says of its predecessor. */
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
 * Follows the chain of a ledger entry by entry, in the order of the files' names. It keeps the last link and what is missing, and of a ledger
 * that has lost its beginning the digests.
 */
export class Chain {
  readonly faults: Fault[] = [];
  #last: { readonly sequence: number; readonly digests: readonly Candidate[] } | undefined;
  /** The first entry that is there. Its predecessor is not known if it cannot be read. */
  #first: { readonly sequence: number; readonly previous: string | null | undefined } | undefined;
  /** Entries that were skipped, as ranges, with the link that came after. */
  #gaps: { from: number; to: number }[] = [];
  readonly #moved: number[] = [];
  /** Digests of entries that a checkpoint may speak of: the first ones that are there. */
  #afterFirst = new Map<number, string>();
  #misnamed: Link | undefined;

  /** The number of the last entry of the chain. */
  get head(): number {
    return this.#last?.sequence ?? 0;
  }

  /** An entry that can be read. Where its signature is bad, a broken link says nothing new. */
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

  /** A file that cannot be read stands for the entry that its name says. Its digest is what the next entry should name. */
  skip(named: number, digest: string, isDamaged: boolean): void {
    const expected = (this.#last?.sequence ?? 0) + 1;
    if (named < expected) return;
    this.#first ??= { sequence: named, previous: undefined };
    if (named > expected) this.#gaps.push({ from: expected, to: named - 1 });
    this.#settle(undefined);
    this.#last = { sequence: named, digests: [{ digest, named, trust: isDamaged ? 'bad' : 'not checked' }] };
  }

  /** Ends the chain: what is missing was deleted, unless a checkpoint removed it. */
  end(checkpoints: readonly Checkpoint[]): readonly Fault[] {
    this.#settle(undefined);
    for (const sequence of this.#moved) {
      this.#tell('reordered', sequence, `Entry ${sequence} was moved: it stands after a later one.`);
    }
    this.#checkRemoved(checkpoints);
    // A removal that was interrupted has left some of the entries that its checkpoint speaks of.
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

  /** The last entry that was removed is the one that the checkpoint names, as far as what is left tells. */
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
   * The predecessor is another one than the entry names. Where both are signed by trusted keys, the predecessor was written here, because
   * its own link holds; so this entry comes from elsewhere. Without signatures nobody can tell, and an edit is the simplest.
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

  /** A second entry of a number that was there already: which of the two is real, the next entry says. */
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
