import { z } from 'zod';
import { formatDuration } from '../../model/units.ts';
import { CLOCK_SKEW_MS } from '../entry.ts';
import type { Fault, Note } from './fault.ts';

/** A copy of the ledger's last entry number and digest, outside of the ledger. A person with access only to the ledger cannot change it. */
export const anchorSchema = z.object({
  anchorOf: z.literal('dr-contracts ledger'),
  version: z.literal(1),
  sequence: z.number().int().positive(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  at: z.iso.datetime(),
});
export type Anchor = z.infer<typeof anchorSchema>;

/** An anchor with its place. */
export interface PlacedAnchor extends Anchor {
  readonly place: string;
}

/** Compares a ledger with one anchor, entry by entry. */
export class AnchorCheck {
  readonly faults: Fault[] = [];
  readonly notes: Note[] = [];
  readonly #anchor: PlacedAnchor;
  #first = 0;

  constructor(anchor: PlacedAnchor) {
    this.#anchor = anchor;
  }

  follow(sequence: number, digest: string, at: string | undefined): void {
    const { sequence: anchored, place, ...anchor } = this.#anchor;
    if (this.#first === 0) this.#first = sequence;
    if (sequence === anchored && digest !== anchor.digest) {
      this.faults.push({
        name: 'rewritten',
        sequence,
        sentence: `Entry ${sequence} is not the entry that ${place} anchored at ${anchor.at}: the ledger was rewritten.`,
      });
    }
    if (at === undefined) return;
    const afterMs = Date.parse(at) - Date.parse(anchor.at);
    if (sequence > anchored && afterMs < -CLOCK_SKEW_MS) {
      this.faults.push({
        name: 'dated before its anchor',
        sequence,
        sentence: `Entry ${sequence} is dated ${at}, ${formatDuration(-afterMs)} before ${place} anchored the ledger without it.`,
      });
    }
    if (sequence <= anchored && afterMs > CLOCK_SKEW_MS) {
      this.faults.push({
        name: 'dated after its anchor',
        sequence,
        sentence: `Entry ${sequence} is dated ${at}, ${formatDuration(afterMs)} after ${place} had anchored it.`,
      });
    }
  }

  end(head: number): void {
    const { sequence, at, place } = this.#anchor;
    if (head < sequence) {
      const missing = sequence - head;
      this.faults.push({
        name: 'truncated',
        sequence: head + 1,
        sentence: `The ledger ends at entry ${head}, but ${place} anchored entry ${sequence} at ${at}: ${missing === 1 ? 'the last entry is' : `the last ${missing} entries are`} missing.`,
      });
    } else if (this.#first > sequence) {
      this.notes.push({
        name: 'anchor is older',
        sentence: `${place} anchors entry ${sequence}, and the ledger now begins at entry ${this.#first}: write a newer anchor.`,
      });
    }
  }
}
