import { linesOf } from '../../../asset-kit/record-file.ts';
import { summaryOf } from '../../../model/errors.ts';
import { untilAborted } from '../../../wait/until-aborted.ts';
import { type PodAccess, type PodCommand, startInPod } from './pod.ts';

/** The connection was lost after the request was sent, so the pod may or may not have executed it. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
}

interface Line {
  readonly command: PodCommand;
  /** Resolves with the next line; rejects if the command has ended. */
  next(): Promise<string>;
}

/**
 * Requests to a script in a pod, one line each, with one answer line each, over one connection that is reopened after
 * a loss: a process for every request would cost more than the measured work.
 */
export class PodConversation implements Disposable {
  readonly #access: () => PodAccess;
  readonly #script: string;
  /** Rejects with the reason if the pod cannot answer now. It is cheap, and called before every connection. */
  readonly #ready: (signal: AbortSignal) => Promise<void>;
  #line: Promise<Line> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(access: () => PodAccess, script: string, ready: (signal: AbortSignal) => Promise<void>) {
    this.#access = access;
    this.#script = script;
    this.#ready = ready;
  }

  /**
   * @returns the script's answer, without the leading `ok`.
   * @throws {UnansweredError} when the request was sent and no answer came; an error with the script's message when it refused.
   */
  async ask(request: string, signal: AbortSignal): Promise<string> {
    const turn = this.#last.then(() => this.#askNow(request, signal));
    this.#last = turn.catch(() => undefined);
    return await untilAborted(turn, signal);
  }

  /** Closes the connection; the next request opens another. */
  [Symbol.dispose](): void {
    const line = this.#line;
    this.#line = undefined;
    line?.then(
      ({ command }) => command.end(),
      () => undefined,
    );
  }

  async #askNow(request: string, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const line = await untilAborted(this.#connected(signal), signal);
    let answer: string;
    try {
      line.command.child.stdin.write(`${request}\n`);
      answer = await untilAborted(line.next(), signal);
    } catch (error) {
      this[Symbol.dispose]();
      throw new UnansweredError(`no answer came from the pod: ${summaryOf(error)}`, { cause: error });
    }
    if (answer === 'ok') return '';
    if (answer.startsWith('ok ')) return answer.slice(3);
    throw new Error(`the pod refused: ${answer}`);
  }

  async #connected(signal: AbortSignal): Promise<Line> {
    if (this.#line === undefined) {
      await this.#ready(signal);
      // Not bound to this request's signal: opening may take longer than one attempt, and the next attempt reuses it.
      const opening = openLine(this.#access(), this.#script);
      this.#line = opening;
      const forget = () => {
        if (this.#line === opening) this.#line = undefined;
      };
      // A replaced pod needs a new connection.
      opening.then(({ command }) => command.ended.then(forget, forget), forget);
    }
    return await this.#line;
  }
}

/** Opens a connection. The script prints `ready` when it listens. */
async function openLine(access: PodAccess, script: string): Promise<Line> {
  const command = startInPod(access, script);
  const lines = linesOf(command.child.stdout);
  const next = async (): Promise<string> => {
    const { done, value } = await lines.next();
    if (done !== true) return value;
    await command.ended;
    throw new Error('the script in the pod has ended');
  };
  try {
    const greeting = await next();
    if (greeting !== 'ready') throw new Error(`the pod says "${greeting}"`);
    return { command, next };
  } catch (error) {
    command.end();
    throw error;
  }
}
