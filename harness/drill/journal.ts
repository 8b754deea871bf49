import { createHash } from 'node:crypto';
import type { ObservedMarker } from '../model/asset.ts';
import type { LaneOutcome } from '../model/record.ts';

/** Returns the body of a marker. It is derived, so restored markers can be checked byte for byte without a stored copy. */
export function markerBody(drillId: string, lane: string, sequence: number): string {
  const digest = createHash('sha256').update(`${drillId}/${lane}/${sequence}`).digest('hex');
  return JSON.stringify({ drill: drillId, lane, sequence, proof: digest });
}

export type Outcome = { readonly acknowledgedMs: number } | 'indeterminate';

/**
 * Markers written to one lane, with the times of their acknowledgements. It lives in this process, which no disaster of a drill reaches.
 */
export class LaneJournal {
  readonly drillId: string;
  readonly lane: string;
  readonly #outcomes = new Map<number, Outcome>();
  /** Times in the order of the acknowledgements. */
  readonly #acknowledgedMs: number[] = [];
  #highest = 0;

  constructor(drillId: string, lane: string) {
    this.drillId = drillId;
    this.lane = lane;
  }

  acknowledged(sequence: number, atMs: number): void {
    this.#outcomes.set(sequence, { acknowledgedMs: atMs });
    this.#acknowledgedMs.push(atMs);
    this.#highest = Math.max(this.#highest, sequence);
  }

  indeterminate(sequence: number): void {
    this.#outcomes.set(sequence, 'indeterminate');
    this.#highest = Math.max(this.#highest, sequence);
  }

  /** The highest sequence that was written, or may have been written; 0 when there is none. */
  get highest(): number {
    return this.#highest;
  }

  /** Time of the last acknowledgement; undefined when there is none. */
  get lastAcknowledgedMs(): number | undefined {
    return this.#acknowledgedMs.at(-1);
  }

  /** Returns the number of markers acknowledged after this time. */
  acknowledgedSince(momentMs: number): number {
    return this.#acknowledgedMs.length - 1 - this.#acknowledgedMs.findLastIndex((atMs) => atMs <= momentMs);
  }

  /** Returns the time at which the first acknowledged marker after `sequence` was acknowledged; undefined when there is none. */
  acknowledgedAfter(sequence: number): number | undefined {
    for (let next = sequence + 1; next <= this.#highest; next += 1) {
      const outcome = this.#outcomes.get(next);
      if (outcome !== undefined && outcome !== 'indeterminate') return outcome.acknowledgedMs;
    }
    return undefined;
  }

  outcomes(): ReadonlyMap<number, Outcome> {
    return this.#outcomes;
  }
}

/**
 * Compares the restored markers of a lane with those that its journal lists as acknowledged.
 * @param heldThrough the highest marker that a live replica held, if there is one. Markers up to it must not be lost.
 */
export async function judgeLane(
  journal: Pick<LaneJournal, 'drillId' | 'lane' | 'outcomes'>,
  observed: AsyncIterable<ObservedMarker>,
  captureBeganMs: number | undefined,
  heldThrough?: number,
): Promise<LaneOutcome> {
  const outcomes = journal.outcomes();
  const seen = new Set<number>();
  const counts = { restored: 0, duplicated: 0, reordered: 0, altered: 0, unknown: 0 };
  let highest = Number.NEGATIVE_INFINITY;
  for await (const { sequence, body } of observed) {
    counts.restored += 1;
    if (!outcomes.has(sequence)) counts.unknown += 1;
    else if (seen.has(sequence)) counts.duplicated += 1;
    else if (sequence < highest) counts.reordered += 1;
    if (outcomes.has(sequence) && body !== markerBody(journal.drillId, journal.lane, sequence)) counts.altered += 1;
    seen.add(sequence);
    highest = Math.max(highest, sequence);
  }
  return { lane: journal.lane, ...counts, ...lossOf(outcomes, seen, captureBeganMs, heldThrough) };
}

function lossOf(
  outcomes: ReadonlyMap<number, Outcome>,
  seen: ReadonlySet<number>,
  captureBeganMs: number | undefined,
  heldThrough: number | undefined,
) {
  const acknowledged = [...outcomes]
    .flatMap(([sequence, outcome]) => (outcome === 'indeterminate' ? [] : [{ sequence, atMs: outcome.acknowledgedMs }]))
    .sort((a, b) => a.sequence - b.sequence);
  const beforeCapture = ({ atMs }: { atMs: number }) => captureBeganMs !== undefined && atMs < captureBeganMs;
  const lost = acknowledged.filter(({ sequence }) => !seen.has(sequence));
  const [firstLost] = lost;
  const fromReplica = lost.filter(({ sequence }) => heldThrough !== undefined && sequence <= heldThrough);
  const lastBeforeLoss = firstLost && acknowledged.findLast(({ sequence }) => sequence < firstLost.sequence);
  return {
    acknowledged: acknowledged.length,
    acknowledgedBeforeCapture: acknowledged.filter(beforeCapture).length,
    indeterminate: outcomes.size - acknowledged.length,
    lost: lost.length,
    lostBeforeCapture: lost.filter(beforeCapture).length,
    firstLostSequence: firstLost?.sequence ?? null,
    firstLostBeforeCapture: lost.find(beforeCapture)?.sequence ?? null,
    lastBeforeLossMs: lastBeforeLoss?.atMs ?? null,
    firstLostMs: firstLost?.atMs ?? null,
    firstAcknowledgedMs: acknowledged[0]?.atMs ?? null,
    lastAcknowledgedMs: acknowledged.at(-1)?.atMs ?? null,
    ...(heldThrough === undefined
      ? {}
      : {
          heldThrough,
          lostFromReplica: fromReplica.length,
          firstLostFromReplica: fromReplica[0]?.sequence ?? null,
        }),
  };
}
