import type { Scope } from '../base/scope.ts';
import type { Clock, Moment } from '../clock/clock.ts';
import type { Replica } from '../model/asset.ts';
import type { DrillRecord } from '../model/record.ts';
import { LagWatch } from './lag-watch.ts';
import type { MarkerWriter } from './marker-writer.ts';
import type { Stages } from './stages.ts';
import type { DrillTuning } from './tuning.ts';

export interface ReplicaPartContext {
  readonly clock: Clock;
  readonly record: DrillRecord;
  readonly scope: Scope;
  readonly tuning: DrillTuning;
}

/** What a drill does about an asset's live replica; nothing where there is none. */
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

  /** The highest marker of a lane that the replica was ever seen to hold. */
  heldThrough(lane: string): number | undefined {
    return this.#watch?.heldThrough(lane);
  }
}
