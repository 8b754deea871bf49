import type { Clock } from '../clock/clock.ts';
import { isContractMistake, messagesOf, summaryOf } from '../model/errors.ts';
import type { DrillListener } from '../model/events.ts';
import type { DrillRecord, PhaseName, PhaseRecord, RestorePhaseName } from '../model/record.ts';
import type { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import { BudgetEndedError, withinBudget } from './deadline.ts';
import { recordStep } from './recovery.ts';

/** procedure: the platform broke its promise. harness: the drill could not be carried out. */
export type Blame = 'procedure' | 'harness';

export interface StagesContext {
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly scratchDir: string;
  readonly secrets: Secrets;
  readonly listener: DrillListener;
  readonly record: DrillRecord;
}

/** Thrown after the failure of a stage has been written into the record: ends the drill, says nothing more. */
export class StageFailedError extends Error {
  override readonly name = 'StageFailedError';
}

/** Runs the stages of a drill, each under its own budget, and writes into the record how long each took and why one failed. */
export class Stages {
  readonly #context: StagesContext;
  #partsMs = 0;

  constructor(context: StagesContext) {
    this.#context = context;
  }

  announce(stage: string): void {
    this.#context.listener({ kind: 'stage', drill: this.#context.name, stage });
  }

  /** @throws {StageFailedError} when the work fails, its budget ends or the drill is aborted. */
  async run<T>(name: string, blame: Blame, budgetMs: number, work: (step: Step) => Promise<T>): Promise<T> {
    const { clock, signal, record, scratchDir, secrets, listener } = this.#context;
    this.announce(name);
    const beganMs = clock.monotonicMs();
    let ended = false;
    try {
      return await withinBudget(`stage "${name}"`, budgetMs, { clock, signal }, (bounded) =>
        work({
          clock,
          signal: bounded,
          scratchDir,
          secrets,
          progress: (message) => listener({ kind: 'progress', drill: this.#context.name, message }),
          // Work that outlives its budget must not write into a record that has been saved.
          performed: (performed) => ended || recordStep(record, name, performed),
        }),
      );
    } catch (error) {
      throw this.failed(name, blame, error);
    } finally {
      ended = true;
      record.stages.push({ name, durationMs: clock.monotonicMs() - beganMs });
    }
  }

  /** A stage that is part of RTA. */
  async phase<T>(name: PhaseName, blame: Blame, budgetMs: number, work: (step: Step) => Promise<T>): Promise<T> {
    const { clock, record } = this.#context;
    const beganMs = clock.monotonicMs();
    const partsBeforeMs = this.#partsMs;
    const ownMs = () => Math.max(0, clock.monotonicMs() - beganMs - (this.#partsMs - partsBeforeMs));
    try {
      const result = await this.run(name, blame, budgetMs, work);
      record.phases.push(completedPhase(name, ownMs(), 0));
      return result;
    } catch (error) {
      const cause = error instanceof StageFailedError ? error.cause : error;
      record.phases.push({ ...completedPhase(name, ownMs(), 0), ...endingOf(cause) });
      throw error;
    }
  }

  /** A phase within another one, of whose time it is taken out, so that the phases stay disjoint; added to one of its name. */
  async partOfPhase<T>(name: RestorePhaseName, work: () => Promise<T>): Promise<T> {
    const { clock, record } = this.#context;
    this.announce(name);
    const beganMs = clock.monotonicMs();
    let ending: Partial<PhaseRecord> = {};
    try {
      return await work();
    } catch (error) {
      ending = endingOf(error);
      throw error;
    } finally {
      const measuredMs = clock.monotonicMs() - beganMs;
      this.#partsMs += measuredMs;
      const known = record.phases.find((phase) => phase.name === name);
      if (known === undefined) record.phases.push({ ...completedPhase(name, measuredMs, 0), ...ending });
      else Object.assign(known, { measuredMs: known.measuredMs + measuredMs, ...ending });
    }
  }

  /** Writes the failure into the record; the first one stays. A mistake of the contract's author is no breach of the platform. */
  failed(stage: string, blame: Blame, error: unknown): StageFailedError {
    const { record, signal } = this.#context;
    const blamed = isContractMistake(error) ? 'harness' : blame;
    record.failure ??= { stage, blame: blamed, messages: messagesOf(error), aborted: signal.aborted };
    return new StageFailedError(`stage "${stage}" failed`, { cause: error });
  }
}

const endingOf = (cause: unknown): Pick<PhaseRecord, 'outcome' | 'detail'> => ({
  outcome: cause instanceof BudgetEndedError ? 'timed-out' : 'failed',
  detail: summaryOf(cause),
});

export const completedPhase = (name: PhaseName, measuredMs: number, addedMs: number): PhaseRecord => ({
  name,
  measuredMs,
  addedMs,
  outcome: 'completed',
});
