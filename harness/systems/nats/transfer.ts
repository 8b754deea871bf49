import type { Clock } from '../../clock/clock.ts';
import { ExplainedError } from '../../model/errors.ts';

const STALL_BUDGET_MS = 15_000;

/** A read in progress: settles when the call-back says so, when it throws, or when the server has been silent too long. */
export class Transfer {
  readonly finished: Promise<void>;
  readonly #settle: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  readonly #over = new AbortController();
  #heard = true;

  constructor(stream: string, clock: Clock, last: () => number) {
    this.finished = this.#settle.promise;
    this.finished.catch(() => undefined);
    void this.#watch(stream, clock, last);
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }
  heard(): void {
    this.#heard = true;
  }
  finish(): void {
    this.#settle.resolve();
    this.#over.abort();
  }
  fail(reason: unknown): void {
    this.#settle.reject(reason);
    this.#over.abort();
  }

  async #watch(stream: string, clock: Clock, last: () => number): Promise<void> {
    while (this.#heard) {
      this.#heard = false;
      try {
        await clock.pause(STALL_BUDGET_MS, this.#over.signal);
      } catch (error) {
        return this.fail(error);
      }
    }
    this.fail(
      new ExplainedError({
        thing: `reading stream ${stream}`,
        expected: `the next message within ${STALL_BUDGET_MS / 1_000} s`,
        observed: `the server was silent after sequence ${last()}`,
        nextStep: 'Look at the log of nats-server.',
      }),
    );
  }
}
