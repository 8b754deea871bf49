import type { EntryOf, LedgerEntry } from './entry.ts';

// Deviations of a ledger: what a drill showed to be wrong, until a drill that was met has closed it.

/** A drill, or a run of posture checks, that shows that the deviation is gone. */
export interface Retest {
  readonly sequence: number;
  readonly digest: string;
  readonly runId: string;
  readonly drillId: string | null;
  readonly verdict: string;
}

export interface OpenDeviation {
  readonly sequence: number;
  readonly digest: string;
  readonly body: EntryOf<'deviation'>;
  /** What could close it, the oldest first. */
  readonly retests: readonly Retest[];
}

/** Follows a ledger entry by entry, and keeps the deviations that are open. */
export class DeviationList {
  readonly #open = new Map<number, OpenDeviation & { readonly retests: Retest[] }>();

  get open(): readonly OpenDeviation[] {
    return [...this.#open.values()];
  }

  find(sequence: number): OpenDeviation | undefined {
    return this.#open.get(sequence);
  }

  follow(entry: Pick<LedgerEntry, 'sequence' | 'digest' | 'body'>): void {
    const { sequence, digest, body } = entry;
    if (body.kind === 'deviation') this.#open.set(sequence, { sequence, digest, body, retests: [] });
    else if (body.kind === 'deviation-closed') this.#open.delete(body.deviation.sequence);
    else if (this.#open.size > 0) this.#retested(entry);
  }

  #retested({ sequence, digest, body }: Pick<LedgerEntry, 'sequence' | 'digest' | 'body'>): void {
    for (const deviation of this.#open.values()) {
      const { contract, disaster } = deviation.body;
      if (body.kind === 'drill') {
        const { record, runId } = body;
        const verdict = record.judgement?.verdict ?? 'unproven';
        const isOfIt = record.contract.name === contract && (disaster === null || record.disaster.name === disaster);
        if (isOfIt && (verdict === 'met' || verdict === 'at-risk')) {
          deviation.retests.push({ sequence, digest, runId, drillId: record.drillId, verdict });
        }
      } else if (body.kind === 'run-finished') {
        const posture = body.run.postures?.find((each) => each.contract.name === contract);
        if (posture?.verdict === 'met') {
          deviation.retests.push({ sequence, digest, runId: body.runId, drillId: null, verdict: posture.verdict });
        }
      }
    }
  }
}

/** True once the last day on which it was due, in UTC, is over. */
export const isOverdue = ({ due }: Pick<EntryOf<'deviation'>, 'due'>, nowUtc: string): boolean =>
  due < nowUtc.slice(0, 10);

/** How a deviation is told in a sentence. */
export function deviationText({ sequence, body }: OpenDeviation): string {
  const { contract, disaster, cause, owner, due, ticket } = body;
  const of = disaster === null ? contract : `${contract} › ${disaster}`;
  return `Deviation ${sequence} of ${of} (${cause}) was due on ${due}, and no retest has closed it; ${owner} owns it${ticket === null ? '' : ` (${ticket})`}.`;
}
