import { randomInt } from 'node:crypto';
import type { Clock } from '../clock/clock.ts';
import { ExplainedError } from '../model/errors.ts';
import { Scope } from './scope.ts';

/** Holder of the one current server, or of none between its loss and its replacement. */
export class Slot<Server extends AsyncDisposable> implements AsyncDisposable {
  readonly #thing: string;
  readonly #scope: Scope;
  readonly first: Server;
  #current: Server | undefined;
  #isReplacing = false;

  /** Starts the first server. @throws the error of `start`. */
  static async open<Server extends AsyncDisposable>(
    thing: string,
    start: () => Promise<Server>,
    clock: Clock,
  ): Promise<Slot<Server>> {
    await using undo = new Scope({ what: thing, clock });
    const first = await undo.open(thing, start);
    return new Slot(thing, first, undo.handOver());
  }

  private constructor(thing: string, first: Server, scope: Scope) {
    this.#thing = thing;
    this.first = first;
    this.#current = first;
    this.#scope = scope;
  }

  get current(): Server | undefined {
    return this.#current;
  }

  async lose(destroy: (server: Server) => Promise<string>): Promise<string> {
    const server = this.#current;
    if (server === undefined) throw this.#refusal('a running server to lose', 'it was lost already');
    const exercised = await destroy(server);
    this.#current = undefined;
    this.#scope.forget(server);
    return exercised;
  }

  /** Starts a new server. Disposes of it if the slot's disposal has begun in the meantime. */
  async replace(start: () => Promise<Server>): Promise<void> {
    if (this.#current !== undefined) throw this.#refusal('a lost server to replace', 'the server still runs');
    if (this.#isReplacing) throw this.#refusal('one replacement at a time', 'another one is starting');
    this.#isReplacing = true;
    try {
      this.#current = await this.#scope.open(`replacement of ${this.#thing}`, start);
    } finally {
      this.#isReplacing = false;
    }
  }

  /** Stops the running server and one that is still starting. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
  }

  #refusal(expected: string, observed: string): ExplainedError {
    return new ExplainedError({
      thing: this.#thing,
      expected,
      observed,
      nextStep: 'Lose it first and replace it afterwards, once each.',
    });
  }
}

/** Makes a label unique, because two drills may use the same one and must not share a folder. */
export function uniqueLabel(label: string): string {
  const safe = label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 24);
  return `${safe}-${randomInt(36 ** 4).toString(36)}`;
}
