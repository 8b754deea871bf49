import type { Clock } from '../clock/clock.ts';
import { summaryOf } from '../model/errors.ts';

interface TeardownStep {
  readonly what: string;
  readonly budgetMs: number;
  readonly run: () => PromiseLike<unknown>;
}

/**
 * What has to be undone, newest first. Register each step before the thing that it undoes is set up. Every step is tried, each
 * within its own budget, whatever happened to the others.
 */
export class Teardown implements AsyncDisposable {
  private readonly clock: Clock;
  private readonly steps: TeardownStep[] = [];
  private running: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  add(what: string, budgetMs: number, run: () => PromiseLike<unknown>): void {
    if (this.running !== undefined) throw new Error(`teardown has begun; too late to add: ${what}`);
    this.steps.push({ what, budgetMs, run });
  }

  /**
   * Idempotent.
   * @throws the first error; when more than one step failed, an AggregateError whose first error is that one.
   */
  run(): Promise<void> {
    this.running ??= this.runAll();
    return this.running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run();
  }

  private async runAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const step of this.steps.toReversed()) {
      try {
        await this.runWithin(step);
      } catch (error) {
        errors.push(new Error(`could not ${step.what}`, { cause: error }));
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} teardown steps failed`);
  }

  private async runWithin(step: TeardownStep): Promise<void> {
    const enough = new AbortController();
    const expired = this.clock.pause(step.budgetMs, enough.signal).then(
      () => {
        throw new Error(`it took longer than its budget of ${step.budgetMs} ms`);
      },
      (error: unknown) => {
        if (!enough.signal.aborted) throw error;
      },
    );
    try {
      await Promise.race([step.run(), expired]);
    } finally {
      enough.abort(new Error('the step has ended'));
    }
  }
}

/** The first error is the one that matters; what goes wrong while tearing down is attached to it, not put in its place. @throws {AggregateError} of both. */
export async function endAfter(error: unknown, teardown: Teardown): Promise<void> {
  try {
    await teardown.run();
  } catch (teardownError) {
    throw new AggregateError([error, teardownError], summaryOf(error), { cause: error });
  }
}
