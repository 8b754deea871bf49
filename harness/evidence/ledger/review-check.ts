import { DeviationList, deviationText, isOverdue } from '../deviations.ts';
import type { EntryOf, LedgerEntry } from '../entry.ts';
import type { Fault, Note } from './fault.ts';
import type { RunCheck } from './run-check.ts';

/** Checks what people say about runs: a review is of what the ledger holds, and a deviation is closed by a drill that was met since. */
export class ReviewCheck {
  /** What it is about may have been removed with old entries: the last of those that it names. */
  readonly #faults: { readonly fault: Fault; readonly about: number }[] = [];
  readonly #deviations = new DeviationList();
  readonly #runs: Pick<RunCheck, 'knows'>;

  constructor(runs: Pick<RunCheck, 'knows'>) {
    this.#runs = runs;
  }

  follow(entry: Pick<LedgerEntry, 'sequence' | 'digest' | 'body'>): void {
    const { sequence, body } = entry;
    if (body.kind === 'sign-off') this.#signedOff(sequence, body);
    if (body.kind === 'deviation-closed') this.#closed(sequence, body);
    this.#deviations.follow(entry);
  }

  /** @param removedThrough the last entry that was removed; 0 for none. */
  faultsAfter(removedThrough: number): readonly Fault[] {
    return this.#faults.filter(({ about }) => about > removedThrough).map(({ fault }) => fault);
  }

  notesAt(nowUtc: string): readonly Note[] {
    return this.#deviations.open
      .filter(({ body }) => isOverdue(body, nowUtc))
      .map((deviation) => ({ name: 'deviation is overdue', sentence: deviationText(deviation) }));
  }

  #signedOff(sequence: number, { runId, reviewer, reviewed = [] }: EntryOf<'sign-off'>): void {
    const last = Math.max(0, ...reviewed.map((each) => each.sequence));
    if (last >= sequence) {
      this.#tell(
        sequence,
        sequence,
        `Entry ${sequence} is a sign-off by ${reviewer} of entry ${last}, which came later.`,
      );
    }
    if (runId === null || this.#runs.knows(runId)) return;
    this.#tell(
      sequence,
      reviewed.length === 0 ? sequence : last,
      `Entry ${sequence} is a sign-off by ${reviewer} of run ${runId}, which the ledger does not hold.`,
    );
  }

  #closed(sequence: number, closing: EntryOf<'deviation-closed'>): void {
    const { deviation, retest } = closing;
    const refusal = this.#deviations.refusalOf(closing);
    if (refusal === 'no deviation') {
      this.#tell(
        sequence,
        deviation.sequence,
        `Entry ${sequence} closes entry ${deviation.sequence}, which is no open deviation of this ledger.`,
      );
    }
    if (refusal !== 'no retest') return;
    const { contract, disaster = null } = this.#deviations.find(deviation.sequence)?.body ?? {};
    const of = `${contract ?? 'a contract'}${disaster === null ? '' : ` › ${disaster}`}`;
    this.#tell(
      sequence,
      sequence,
      `Entry ${sequence} closes deviation ${deviation.sequence} of ${of} by entry ${retest.sequence}, which is no later drill of it that was met${disaster === null ? ', or other disasters of it were not met since' : ''}.`,
    );
  }

  #tell(sequence: number, about: number, sentence: string): void {
    this.#faults.push({ fault: { name: 'unfounded', sequence, sentence }, about });
  }
}
