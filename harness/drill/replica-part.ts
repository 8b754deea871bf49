import type { Scope } from '../base/scope.ts';
import type { Clock, Moment } from '../clock/clock.ts';
import type { Replica, ReplicaSight } from '../model/asset.ts';
import type { DrillRecord, LaneLag, ReplicationRecord } from '../model/record.ts';
import { untilAborted } from '../wait/until-aborted.ts';
import { arrived, HopelessError, notYet, waitFor } from '../wait/wait.ts';
import type { LaneJournal } from './journal.ts';
import type { MarkerWriter } from './marker-writer.ts';
import type { Stages } from './stages.ts';
import type { DrillTuning } from './tuning.ts';

interface ReplicaPartContext {
  readonly clock: Clock;
  readonly record: DrillRecord;
  readonly scope: Scope;
  readonly tuning: DrillTuning;
}

/** Work of a drill on an asset's live replica. Does nothing if there is none. */
export class ReplicaPart {
  readonly #context: ReplicaPartContext;
  readonly #stages: Stages;
  #watch: LagWatch | undefined;

  constructor(context: ReplicaPartContext, stages: Stages) {
    this.#context = context;
    this.#stages = stages;
  }

  follow(replica: Replica, { journals }: MarkerWriter): void {
    const { clock, scope, tuning } = this.#context;
    const watch = new LagWatch({ replica, journals, clock, intervalMs: tuning.replicaIntervalMs });
    this.#watch = scope.own('watch on the lag of the replica', watch);
  }

  async untilLookedAt(signal: AbortSignal): Promise<void> {
    await this.#watch?.untilLookedAt(this.#context.tuning.replicaLooks, signal);
  }

  async beforeDisaster(): Promise<void> {
    const watch = this.#watch;
    if (watch === undefined) return;
    await this.#stages.run('lag of the replica', 'harness', this.#context.tuning.goneBudgetMs, () => watch.stop());
  }

  async afterDisaster(cutOff: Moment): Promise<void> {
    const watch = this.#watch;
    if (watch === undefined) return;
    await this.#stages.run('what the replica holds', 'harness', this.#context.tuning.goneBudgetMs, (step) =>
      watch.afterDisaster(cutOff.monotonicMs, step.signal),
    );
    this.#context.record.replication = watch.record;
  }

  /** Returns the highest marker of a lane that the replica held in any look. */
  heldThrough(lane: string): number | undefined {
    return this.#watch?.heldThrough(lane);
  }
}

const LOOKS_BUDGET_MS = 60_000;

interface LagWatchOptions {
  readonly replica: Replica;
  readonly journals: readonly LaneJournal[];
  readonly clock: Clock;
  readonly intervalMs: number;
}

type Lag = { -readonly [Key in keyof LaneLag]: LaneLag[Key] };

/**
 * Watch that reads a live replica repeatedly until the disaster, and once after it. It measures the lag in positions and in time. The time
 * is the age of the oldest acknowledged marker that the replica did not hold when the answer came.
 */
class LagWatch implements AsyncDisposable {
  readonly #options: LagWatchOptions;
  readonly #stop = new AbortController();
  readonly #lanes = new Map<string, Lag>();
  readonly #running: Promise<void>;
  #looks = 0;
  #failure: unknown;

  constructor(options: LagWatchOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get record(): ReplicationRecord {
    const lanes = [...this.#lanes.values()].map((lag) => ({ ...lag }));
    return { replica: this.#options.replica.description, looks: this.#looks, lanes };
  }

  /** Returns the highest marker of a lane that the replica held in any look. */
  heldThrough(lane: string): number | undefined {
    return this.#lanes.get(lane)?.heldThrough;
  }

  /** Resolves after this number of looks, because a single look says little about the lag. */
  async untilLookedAt(times: number, signal: AbortSignal): Promise<void> {
    await waitFor(
      {
        for: `${times} looks at the replica`,
        budgetMs: LOOKS_BUDGET_MS,
        intervalMs: 10,
        look: async () => {
          if (this.#failure !== undefined) throw new HopelessError('a look failed', { cause: this.#failure });
          return this.#looks >= times ? arrived(undefined) : notYet(`${this.#looks} so far`);
        },
      },
      this.#options.clock,
      signal,
    );
  }

  /** @throws the error of the first look that failed before the disaster, because an unseen lag cannot be judged. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the disaster ends the watch'));
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Reads the replica when no more writes can reach it. Markers that it holds now must never be lost. */
  async afterDisaster(cutOffMs: number, signal: AbortSignal): Promise<void> {
    for (const sight of await this.#options.replica.look(signal)) {
      const { lag, positions, behindMs } = this.#note(sight, cutOffMs);
      lag.atDisasterPositions = positions;
      lag.atDisasterMs = behindMs;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the drill is over'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { replica, clock, intervalMs } = this.#options;
    const { signal } = this.#stop;
    try {
      for (;;) {
        const sights = await untilAborted(replica.look(signal), signal);
        signal.throwIfAborted();
        const seenMs = clock.monotonicMs();
        this.#looks += 1;
        for (const sight of sights) this.#note(sight, seenMs);
        await clock.pause(intervalMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#failure = error;
    }
  }

  #note(sight: ReplicaSight, seenMs: number): { lag: Lag; positions: number; behindMs: number } {
    const { lane, position, heldThrough } = sight;
    const journal = this.#options.journals.find((candidate) => candidate.lane === lane);
    const oldestMissingMs = journal?.acknowledgedAfter(heldThrough);
    const positions = Math.max(0, position.asset - position.replica);
    const behindMs = oldestMissingMs === undefined ? 0 : Math.max(0, seenMs - oldestMissingMs);
    const lag = this.#lanes.get(lane) ?? {
      lane,
      worstPositions: 0,
      worstMs: 0,
      atDisasterPositions: null,
      atDisasterMs: null,
      heldThrough: 0,
    };
    lag.worstPositions = Math.max(lag.worstPositions, positions);
    lag.worstMs = Math.max(lag.worstMs, behindMs);
    lag.heldThrough = Math.max(lag.heldThrough, heldThrough);
    this.#lanes.set(lane, lag);
    return { lag, positions, behindMs };
  }
}
