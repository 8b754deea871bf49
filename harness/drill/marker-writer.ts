import { BudgetEndedError, withinBudget } from '../base/budget.ts';
import type { Clock, Moment } from '../clock/clock.ts';
import type { MarkerLane } from '../model/asset.ts';
import { isIndeterminateWrite, summaryOf } from '../model/errors.ts';
import { arrived, notYet, waitFor } from '../wait/wait.ts';
import { LaneJournal, markerBody } from './journal.ts';

export interface MarkerWriterOptions {
  readonly lanes: readonly MarkerLane[];
  readonly drillId: string;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly writeBudgetMs: number;
  /** Number of the first marker; 1 when left out. */
  readonly firstSequence?: number;
}

/**
 * Writer of markers to every lane, one after the other within a lane, from before the backup until the disaster. After the disaster has
 * begun, the first failed write ends its lane, because a later write would succeed in the restored asset.
 */
export class MarkerWriter implements AsyncDisposable {
  readonly journals: readonly LaneJournal[];
  readonly #options: MarkerWriterOptions;
  readonly #stop = new AbortController();
  readonly #cutOff = new AbortController();
  readonly #running: Promise<unknown>;
  readonly #lastRefusal = new Map<string, string>();
  #disasterBegan = false;

  /** Starts writing to every lane. */
  constructor(options: MarkerWriterOptions) {
    this.#options = options;
    const lanes = options.lanes.map((lane) => ({ lane, journal: new LaneJournal(options.drillId, lane.name) }));
    this.journals = lanes.map(({ journal }) => journal);
    this.#running = Promise.all(lanes.map(({ lane, journal }) => this.#write(lane, journal)));
    // The caller of `stop` sees the error.
    this.#running.catch(() => undefined);
  }

  /** Announces the disaster. From now on a failed write means that the disaster has cut the lane off. */
  disasterBegins(): void {
    this.#disasterBegan = true;
  }

  /** Resolves when every lane has `count` markers that were acknowledged after `sinceMs`. */
  async untilAcknowledged(count: number, sinceMs: number, signal: AbortSignal): Promise<void> {
    await waitFor(
      {
        for: `${count} more acknowledged markers in every lane`,
        budgetMs: 60_000,
        intervalMs: 10,
        look: async () => {
          const behind = this.journals.find((journal) => journal.acknowledgedSince(sinceMs) < count);
          if (behind === undefined) return arrived(undefined);
          const refusal = this.#lastRefusal.get(behind.lane);
          return notYet(
            `${behind.lane} has ${behind.acknowledgedSince(sinceMs)}${refusal === undefined ? '' : `; last refusal: ${refusal}`}`,
          );
        },
      },
      this.#options.clock,
      signal,
    );
  }

  /**
   * Ends every lane, once. Before the disaster it waits for a write in flight. After the disaster it records that write as indeterminate
   * and does not wait, because a dead connection would delay the recovery.
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    if (this.#disasterBegan) this.#cutOff.abort(new Error('cut off by the disaster'));
    await this.#running;
  }

  /** The highest sequence in any lane; 0 when there is none. */
  get highestSequence(): number {
    return this.journals.reduce((highest, journal) => Math.max(highest, journal.highest), 0);
  }

  /** Returns the end of the users' writes: the start of the disaster, or the last acknowledgement during it. */
  lastAcknowledged(disasterBegan: Moment): Moment {
    const lastMs = this.journals.reduce(
      (latestMs, { lastAcknowledgedMs = 0 }) => Math.max(latestMs, lastAcknowledgedMs),
      disasterBegan.monotonicMs,
    );
    const utcMs = Date.parse(disasterBegan.utc) + (lastMs - disasterBegan.monotonicMs);
    return { utc: new Date(utcMs).toISOString(), monotonicMs: lastMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #write(lane: MarkerLane, journal: LaneJournal): Promise<void> {
    const { clock, intervalMs, firstSequence = 1 } = this.#options;
    for (let sequence = firstSequence; !this.#stop.signal.aborted; sequence += 1) {
      const written = await this.#writeOne(lane, journal, sequence);
      if (!written && this.#disasterBegan) return;
      try {
        await clock.pause(lane.intervalMs ?? intervalMs, this.#stop.signal);
      } catch (error) {
        if (!this.#stop.signal.aborted) throw error;
      }
    }
  }

  async #writeOne(lane: MarkerLane, journal: LaneJournal, sequence: number): Promise<boolean> {
    const { clock, drillId, writeBudgetMs } = this.#options;
    const { signal: cutOff } = this.#cutOff;
    try {
      await withinBudget(`marker ${sequence}`, writeBudgetMs, { clock, signal: cutOff }, (signal) =>
        lane.write(sequence, markerBody(drillId, lane.name, sequence), signal),
      );
      journal.acknowledged(sequence, clock.monotonicMs());
      return true;
    } catch (error) {
      this.#lastRefusal.set(lane.name, summaryOf(error));
      const nobodyKnows = isIndeterminateWrite(error) || error instanceof BudgetEndedError;
      if (nobodyKnows || cutOff.aborted) journal.indeterminate(sequence);
      return false;
    }
  }
}
