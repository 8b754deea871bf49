import type { Scope } from '../base/scope.ts';
import type { Clock } from '../clock/clock.ts';
import type { Fingerprint, LostPlace, MarkerLane, OpenAsset } from '../model/asset.ts';
import type { FailBack, ProcedureContext, RestoreReport } from '../model/procedure.ts';
import type { DrillRecord, FailBackRecord } from '../model/record.ts';
import type { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import { judgeLane, type Outcome } from './journal.ts';
import { MarkerWriter } from './marker-writer.ts';
import { stepsOfCommands } from './recovery.ts';
import { type Stages, withOwnFailure } from './stages.ts';
import type { DrillTuning } from './tuning.ts';

export interface FailBackOptions {
  readonly asset: OpenAsset;
  readonly lostPlace: LostPlace;
  readonly failBack: FailBack;
  readonly expected: Fingerprint;
  /** The highest marker written before the fail-back. */
  readonly lastSequence: number;
  readonly drillId: string;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly record: DrillRecord;
  readonly stages: Stages;
  readonly scope: Scope;
  readonly tuning: DrillTuning;
  readonly context: (step: Step) => ProcedureContext;
}

/**
 * Runs the fail-back after a failover, while users keep writing. The lost place comes back, is tested for split brain, follows the other
 * one, and is put in charge again. None of it is part of RTA. A failure here is a finding of its own.
 */
export async function runFailBack(options: FailBackOptions): Promise<void> {
  const { record } = options;
  const written: FailBackRecord = {
    returned: null,
    stages: [],
    writesTried: [],
    markers: [],
    comparison: null,
    proofs: [],
    commands: [],
    claimed: '',
    failure: null,
  };
  record.failBack = written;
  const stagesBefore = record.stages.length;
  try {
    written.failure = await withOwnFailure(record, () => new Way(options, written).go());
  } finally {
    written.stages = record.stages.slice(stagesBefore);
  }
}

class Way {
  readonly #options: FailBackOptions;
  readonly #written: FailBackRecord;

  constructor(options: FailBackOptions, written: FailBackRecord) {
    this.#options = options;
    this.#written = written;
  }

  async go(): Promise<void> {
    const { stages, tuning, lostPlace, failBack, context } = this.#options;
    const { held, writer } = await stages.run('writes before the fail-back', 'harness', tuning.seedBudgetMs, (step) =>
      this.#write(step),
    );
    await stages.run('return', 'procedure', tuning.backupBudgetMs, async (step) => {
      await lostPlace.groundComesBack?.(step);
      await this.#noting('return', 'Keep users out of the place that comes back', () =>
        failBack.beforeReturn(context(step)),
      );
      this.#written.returned = await lostPlace.comeBack(step);
    });
    await stages.run('split-brain check', 'harness', tuning.seedBudgetMs, (step) =>
      this.#tryWrites('on its return', step),
    );
    await stages.run('rejoin', 'procedure', tuning.backupBudgetMs, async (step) => {
      await this.#noting('rejoin', 'Make the place that came back follow the other one', () =>
        failBack.rejoin(context(step)),
      );
    });
    await stages.run('second split-brain check', 'harness', tuning.seedBudgetMs, (step) =>
      this.#tryWrites('after it had rejoined', step),
    );
    await stages.run('fail-back', 'procedure', tuning.backupBudgetMs, async (step) => {
      await this.#noting('fail-back', 'Put it in charge again', () => failBack.failBack(context(step)));
    });
    await stages.run('verify the fail-back', 'harness', tuning.verifyBudgetMs, (step) =>
      this.#verify(held, writer, step),
    );
  }

  /** Reads the present markers, and starts the writers again. */
  async #write(step: Step) {
    const { asset, clock, drillId, lastSequence, scope, tuning } = this.#options;
    const held = new Map<string, Map<number, Outcome>>();
    for (const lane of asset.lanes) held.set(lane.name, await outcomesOf(lane, clock, step.signal));
    step.signal.throwIfAborted();
    const writer = scope.own(
      'marker writer of the fail-back',
      new MarkerWriter({
        lanes: asset.lanes,
        drillId,
        clock,
        intervalMs: tuning.markerIntervalMs,
        writeBudgetMs: tuning.markerBudgetMs,
        firstSequence: lastSequence + 1,
      }),
    );
    await writer.untilAcknowledged(tuning.markersAround, 0, step.signal);
    return { held, writer };
  }

  async #tryWrites(when: string, step: Step): Promise<void> {
    const attempts = await this.#options.lostPlace.tryWrites(step);
    for (const attempt of attempts) this.#written.writesTried.push({ when, ...attempt });
  }

  async #verify(held: ReadonlyMap<string, ReadonlyMap<number, Outcome>>, writer: MarkerWriter, step: Step) {
    const { asset, clock, drillId, lostPlace, expected, tuning } = this.#options;
    await writer.untilAcknowledged(tuning.markersAround, clock.monotonicMs(), step.signal);
    await writer.stop();
    const proofs = await lostPlace.proveInCharge(step);
    this.#written.proofs = proofs.map((proof) => ({ ...proof }));
    for (const lane of asset.lanes) {
      const journal = writer.journals.find((candidate) => candidate.lane === lane.name);
      const outcomes = new Map([...(held.get(lane.name) ?? []), ...(journal?.outcomes() ?? [])]);
      const both = { drillId, lane: lane.name, outcomes: () => outcomes };
      this.#written.markers.push(await judgeLane(both, lane.read(step.signal), undefined));
    }
    this.#written.comparison = await asset.compare(expected, step);
  }

  /** Records the steps of the work. `what` describes a procedure that reports no steps itself. */
  async #noting(stage: string, what: string, work: () => Promise<RestoreReport>): Promise<void> {
    const { record, clock, asset } = this.#options;
    const beganMs = clock.monotonicMs();
    const report = await work();
    const { claimed, commands } = report;
    const { secrets } = this.#options;
    stepsOfCommands(record, stage, what, report, clock.monotonicMs() - beganMs, secrets, asset.environment());
    for (const command of commands) this.#written.commands.push(command);
    this.#written.claimed = [this.#written.claimed, claimed].filter((text) => text !== '').join('\n');
  }
}

async function outcomesOf(lane: MarkerLane, clock: Clock, signal: AbortSignal): Promise<Map<number, Outcome>> {
  const acknowledgedMs = clock.monotonicMs();
  const outcomes = new Map<number, Outcome>();
  for await (const { sequence } of lane.read(signal)) outcomes.set(sequence, { acknowledgedMs });
  return outcomes;
}
