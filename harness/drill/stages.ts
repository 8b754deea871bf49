import { BudgetEndedError } from '../base/budget.ts';
import type { Scope } from '../base/scope.ts';
import type { Clock } from '../clock/clock.ts';
import { causeGivenBy, isNotProvableHere, isNotThoughtOf, messagesOf, summaryOf } from '../model/errors.ts';
import type { DrillListener } from '../model/events.ts';
import type { DrillRecord, PartFailure, PhaseName, PhaseRecord, RestorePhaseName } from '../model/record.ts';
import type { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import { recordStep } from './recovery.ts';

/** Party to blame for a failure. procedure: the platform broke its promise. harness: the drill could not be carried out. */
type Blame = 'procedure' | 'harness';

interface StagesContext {
  readonly name: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly scope: Scope;
  readonly scratchDir: string;
  readonly secrets: Secrets;
  readonly listener: DrillListener;
  readonly record: DrillRecord;
}

/** Runs a part of a phase; see {@link Stages.phase}. */
type RunPart = <T>(name: RestorePhaseName, work: () => Promise<T>) => Promise<T>;

/** Error that ends the drill after the failure of a stage is in the record. It carries no further information. */
export class StageFailedError extends Error {
  override readonly name = 'StageFailedError';
}

type Ending = Pick<PhaseRecord, 'outcome' | 'detail'>;

/** Runner of the stages of a drill, each under its own budget. It records the duration of each stage and the reason of a failure. */
export class Stages {
  readonly #context: StagesContext;
  #current = 'start';

  constructor(context: StagesContext) {
    this.#context = context;
  }

  /** The current stage, or the last one. */
  get current(): string {
    return this.#current;
  }

  announce(stage: string): void {
    this.#context.listener({ kind: 'stage', drill: this.#context.name, stage });
  }

  /** @throws {StageFailedError} when the work fails, its budget ends or the drill is aborted. */
  async run<T>(name: string, blame: Blame, budgetMs: number, work: (step: Step) => Promise<T>): Promise<T> {
    const { clock, scope, record, scratchDir, secrets, listener } = this.#context;
    this.announce(name);
    this.#current = name;
    const beganMs = clock.monotonicMs();
    let ended = false;
    let outcome: 'completed' | 'failed' = 'failed';
    try {
      const result = await scope.run(`stage "${name}"`, budgetMs, (signal) =>
        work({
          clock,
          signal,
          scratchDir,
          secrets,
          progress: (message) => ended || listener({ kind: 'progress', drill: this.#context.name, message }),
          // Work after the end of its stage is no part of the drill.
          performed: (performed) => ended || recordStep(record, name, performed, secrets),
        }),
      );
      outcome = 'completed';
      return result;
    } catch (error) {
      throw this.failed(name, blame, error);
    } finally {
      ended = true;
      record.stages.push({ name, durationMs: clock.monotonicMs() - beganMs, outcome });
    }
  }

  /**
   * Runs a stage that is part of RTA. Its work may divide it into parts. The time of a part counts for the phase of the part's name and not
   * for this phase, so the phases stay disjoint.
   */
  async phase<T>(
    name: PhaseName,
    blame: Blame,
    budgetMs: number,
    work: (step: Step, runPart: RunPart) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#context;
    const parts = new PhaseParts<RestorePhaseName>(clock);
    try {
      const result = await this.run(name, blame, budgetMs, (step) => work(step, this.#partsOf(parts, step.signal)));
      this.#close(name, parts, COMPLETED);
      return result;
    } catch (error) {
      this.#close(name, parts, endingOf(error instanceof StageFailedError ? error.cause : error));
      throw error;
    }
  }

  /** Writes a failure into the record. Later failures are attached to the first one. */
  failed(stage: string, blame: Blame, error: unknown): StageFailedError {
    const { record, signal } = this.#context;
    const messages = messagesOf(error);
    const blamed = isNotProvableHere(error) || isNotThoughtOf(error) ? 'harness' : blame;
    if (record.failure === null) {
      record.failure = { stage, blame: blamed, messages, cause: causeGivenBy(error), aborted: signal.aborted };
    } else record.failure.messages.push(...messages);
    return new StageFailedError(`stage "${stage}" failed`, { cause: error });
  }

  #partsOf(parts: PhaseParts<RestorePhaseName>, signal: AbortSignal): RunPart {
    return async (name, work) => {
      signal.throwIfAborted();
      const part = parts.begin(name);
      this.announce(name);
      const end = (ending: Ending) => {
        const measuredMs = parts.end(part);
        if (measuredMs !== undefined) this.#note(name, measuredMs, ending);
      };
      try {
        const result = await work();
        end(COMPLETED);
        return result;
      } catch (error) {
        // The reason for the abort says more than the error of the aborted work.
        end(endingOf(signal.aborted ? signal.reason : error));
        throw error;
      }
    };
  }

  #close(name: PhaseName, parts: PhaseParts<RestorePhaseName>, ending: Ending): void {
    const { ownMs, cutOff } = parts.close();
    for (const part of cutOff) this.#note(part.name, part.measuredMs, ending);
    this.#context.record.phases.push({ ...completedPhase(name, ownMs, 0), ...ending });
  }

  /** Records a part. If its name already has a phase (detection, decision, backup-sync), the time is added to that phase. */
  #note(name: RestorePhaseName, measuredMs: number, ending: Ending): void {
    const { phases } = this.#context.record;
    const at = phases.findIndex((phase) => phase.name === name);
    const known = phases[at];
    if (known === undefined) phases.push({ ...completedPhase(name, measuredMs, 0), ...ending });
    else {
      // The measured wait for the sync is a part of the longest wait and must not count twice.
      const addedMs = name === 'backup-sync' ? Math.max(0, known.addedMs - measuredMs) : known.addedMs;
      phases[at] = { ...known, measuredMs: known.measuredMs + measuredMs, addedMs, ...ending };
    }
  }
}

const COMPLETED: Ending = { outcome: 'completed' };

const endingOf = (cause: unknown): Ending => ({
  outcome: cause instanceof BudgetEndedError ? 'timed-out' : 'failed',
  detail: summaryOf(cause),
});

export const completedPhase = (name: PhaseName, measuredMs: number, addedMs: number): PhaseRecord => ({
  name,
  measuredMs,
  addedMs,
  outcome: 'completed',
});

/** A part of a phase that has begun. */
interface OpenPart<Name extends string> {
  readonly name: Name;
  readonly ordinal: number;
}

/**
 * Divides the time of one phase among its parts and the phase itself. Each millisecond counts once: for the open part that began last,
 * whether parts are nested or run side by side.
 */
class PhaseParts<Name extends string> {
  readonly #clock: Clock;
  readonly #measuredMs = new Map<Name | undefined, number>();
  #open: OpenPart<Name>[] = [];
  #begun = 0;
  #lastMs: number;
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastMs = clock.monotonicMs();
  }

  /** @throws when the phase is over, because the part would then belong to no phase. */
  begin(name: Name): OpenPart<Name> {
    if (this.#isOver) throw new Error(`"${name}" began after the phase that it is part of was over`);
    this.#attribute();
    this.#begun += 1;
    const part = { name, ordinal: this.#begun };
    this.#open.push(part);
    return part;
  }

  /** @returns the time of the parts of that name since the last call, or undefined when the phase ended first. */
  end(part: OpenPart<Name>): number | undefined {
    if (this.#isOver) return undefined;
    this.#attribute();
    this.#open = this.#open.filter(({ ordinal }) => ordinal !== part.ordinal);
    return this.#take(part.name);
  }

  /** Ends the phase. @returns its own time, and the names and times of the open parts. */
  close(): {
    readonly ownMs: number;
    readonly cutOff: readonly { readonly name: Name; readonly measuredMs: number }[];
  } {
    this.#attribute();
    this.#isOver = true;
    const names = new Set(this.#open.map(({ name }) => name));
    return {
      ownMs: this.#take(undefined),
      cutOff: [...names].map((name) => ({ name, measuredMs: this.#take(name) })),
    };
  }

  #take(name: Name | undefined): number {
    const measuredMs = this.#measuredMs.get(name) ?? 0;
    this.#measuredMs.delete(name);
    return measuredMs;
  }

  #attribute(): void {
    const nowMs = this.#clock.monotonicMs();
    const name = this.#open.at(-1)?.name;
    this.#measuredMs.set(name, (this.#measuredMs.get(name) ?? 0) + nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}

/**
 * Runs a part of a drill that follows the recovery. Its failure says nothing about the recovery. The function removes the failure from the
 * record of the drill and returns it. A drill that was aborted stays aborted.
 */
export async function withOwnFailure(
  record: DrillRecord,
  work: () => Promise<void>,
  { timeOutsAreOurs = false }: { readonly timeOutsAreOurs?: boolean } = {},
): Promise<PartFailure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof StageFailedError)) throw error;
    const { failure } = record;
    if (failure === null || failure.aborted) throw error;
    const { stage, blame, messages, cause } = failure;
    record.failure = null;
    const isOurs = timeOutsAreOurs && error.cause instanceof BudgetEndedError;
    return { stage, blame: isOurs ? 'harness' : blame, messages, cause };
  }
}
