import { withinBudget } from '../base/budget.ts';
import type { Clock, Moment } from '../clock/clock.ts';
import type { AssetProbe } from '../model/asset.ts';
import { summaryOf } from '../model/errors.ts';
import type { DrillRecord } from '../model/record.ts';
import { arrived, notYet, WaitTimeoutError, waitFor } from '../wait/wait.ts';
import { completedPhase, type Stages } from './stages.ts';
import type { DrillTuning } from './tuning.ts';

interface ProberOptions {
  readonly probe: AssetProbe;
  readonly clock: Clock;
  /** Pause between two attempts while the drill waits for an answer. */
  readonly intervalMs: number;
  /** Pause between two attempts while the time of the next one does not matter. */
  readonly restIntervalMs: number;
  readonly attemptBudgetMs: number;
}

interface ServiceRestored {
  readonly firstVerifiedRead: Moment;
  readonly firstVerifiedWrite: Moment;
}

/** One attempt, with the times of its start and of its successful read and write. */
interface Attempt {
  readonly beganMs: number;
  readonly read: Moment | undefined;
  readonly written: Moment | undefined;
  readonly failure: string | undefined;
}

/**
 * Probe that reads and writes the asset from outside repeatedly until it is stopped. Its attempts are frequent from the disaster until the
 * first failure, and while a caller waits for the service. Otherwise they are rare, because they take processor time and bandwidth from the
 * measured backup and restore.
 */
export class Prober implements AsyncDisposable {
  readonly #options: ProberOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #attempts = 0;
  #failures = 0;
  #lastFailure: string | null = null;
  #last: Attempt | undefined;
  #waiting = 0;
  #pause: AbortController | undefined;
  #watchFailuresFromMs = Number.POSITIVE_INFINITY;
  #firstFailure: Moment | null = null;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#running = this.#run();
    // The caller of `stop` sees the error.
    this.#running.catch(() => undefined);
  }

  get counts(): DrillRecord['probe'] {
    const { reads, writes } = this.#options.probe;
    return {
      attempts: this.#attempts,
      failures: this.#failures,
      lastFailure: this.#lastFailure,
      ...(reads === undefined ? {} : { reads }),
      ...(writes === undefined ? {} : { writes }),
    };
  }

  /** Time of the first failure of an attempt that began after the disaster; null when there is none. */
  get firstFailure(): Moment | null {
    return this.#firstFailure;
  }

  disasterBegins(): void {
    this.#watchFailuresFromMs = this.#options.clock.monotonicMs();
    this.#pause?.abort();
  }

  /** Resolves with the first attempt that began after `sinceMs` and succeeded in its read and its write. */
  async untilServed(sinceMs: number, budgetMs: number, signal: AbortSignal): Promise<ServiceRestored> {
    this.#waiting += 1;
    this.#pause?.abort();
    try {
      return await this.#untilServed(sinceMs, budgetMs, signal);
    } finally {
      this.#waiting -= 1;
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#pause?.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #untilServed(sinceMs: number, budgetMs: number, signal: AbortSignal): Promise<ServiceRestored> {
    return await waitFor(
      {
        for: 'the probe to read and write restored data',
        budgetMs,
        intervalMs: 10,
        look: async () => {
          const last = this.#last;
          if (last === undefined || last.beganMs < sinceMs) return notYet('no attempt since the restore ended');
          if (last.read === undefined || last.written === undefined) return notYet(last.failure ?? 'an attempt failed');
          return arrived({ firstVerifiedRead: last.read, firstVerifiedWrite: last.written });
        },
      },
      this.#options.clock,
      signal,
    );
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#last = await this.#attempt();
      await this.#rest();
    }
  }

  async #rest(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { clock, intervalMs, restIntervalMs } = this.#options;
    const failureAwaited = this.#watchFailuresFromMs !== Number.POSITIVE_INFINITY && this.#firstFailure === null;
    const answerAwaited = this.#waiting > 0 || failureAwaited;
    const pause = new AbortController();
    this.#pause = pause;
    try {
      await clock.pause(answerAwaited ? intervalMs : restIntervalMs, pause.signal);
    } catch (error) {
      if (!pause.signal.aborted) throw error;
    }
  }

  async #attempt(): Promise<Attempt> {
    const { clock, attemptBudgetMs } = this.#options;
    const beganMs = clock.monotonicMs();
    let read: Moment | undefined;
    this.#attempts += 1;
    try {
      return await withinBudget(
        'an attempt of the probe',
        attemptBudgetMs,
        { clock, signal: this.#stop.signal },
        (signal) =>
          this.#ask(beganMs, signal, (at) => {
            read = at;
          }),
      );
    } catch (error) {
      if (this.#stop.signal.aborted) return { beganMs, read, written: undefined, failure: 'stopped' };
      this.#failures += 1;
      this.#lastFailure = summaryOf(error);
      if (beganMs >= this.#watchFailuresFromMs) this.#firstFailure ??= clock.now();
      return { beganMs, read, written: undefined, failure: this.#lastFailure };
    }
  }

  async #ask(beganMs: number, signal: AbortSignal, onRead: (at: Moment) => void): Promise<Attempt> {
    const { clock, probe } = this.#options;
    await probe.read(signal);
    // The attempt may have been abandoned. A write for which nobody waits must not reach the asset.
    signal.throwIfAborted();
    const read = clock.now();
    onRead(read);
    await probe.write(signal);
    return { beganMs, read, written: clock.now(), failure: undefined };
  }
}

interface ServiceCheckContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly record: DrillRecord;
  readonly tuning: DrillTuning;
}

/**
 * Runs the last phase of RTA: it waits until the probe has read and written restored data. A probe that keeps failing does not end the
 * drill, because the following comparison shows why it fails.
 */
export async function checkService(
  prober: Prober,
  restoreEnded: Moment,
  { clock, signal, record, tuning }: ServiceCheckContext,
  stages: Stages,
): Promise<void> {
  stages.announce('service-check');
  let outcome: 'completed' | 'failed' = 'failed';
  try {
    const served = await prober.untilServed(restoreEnded.monotonicMs, tuning.serviceBudgetMs, signal);
    Object.assign(record.moments, served);
    const restored = served.firstVerifiedWrite;
    record.moments.serviceRestored = restored;
    record.phases.push(completedPhase('service-check', restored.monotonicMs - restoreEnded.monotonicMs, 0));
    outcome = 'completed';
  } catch (error) {
    const measuredMs = clock.monotonicMs() - restoreEnded.monotonicMs;
    if (!(error instanceof WaitTimeoutError)) throw stages.failed('service-check', 'harness', error);
    record.phases.push({
      ...completedPhase('service-check', measuredMs, 0),
      outcome: 'timed-out',
      detail: `the probe: ${error.lastSeen}`,
    });
  }
  const durationMs = clock.monotonicMs() - restoreEnded.monotonicMs;
  record.stages.push({ name: 'service-check', durationMs, outcome });
}
