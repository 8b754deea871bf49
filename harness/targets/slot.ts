import { randomInt } from 'node:crypto';
import { ExplainedError } from '../model/errors.ts';

/** Holds the one server that is there now, or none between its loss and its replacement. */
export class Slot<Server extends AsyncDisposable> {
  current: Server | undefined;
  private readonly thing: string;
  private ended = false;

  constructor(thing: string, first: Server) {
    this.thing = thing;
    this.current = first;
  }

  async lose(destroy: (server: Server) => Promise<string>): Promise<string> {
    const server = this.current;
    if (server === undefined) throw this.refusal('a running server to lose', 'it was lost already');
    const exercised = await destroy(server);
    this.current = undefined;
    return exercised;
  }

  async replace(start: () => Promise<Server>): Promise<void> {
    if (this.ended) throw this.refusal('a place that is still in use', 'it was given back');
    if (this.current !== undefined) throw this.refusal('a lost server to replace', 'the server still runs');
    this.current = await start();
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.current?.[Symbol.asyncDispose]();
  }

  private refusal(expected: string, observed: string): ExplainedError {
    return new ExplainedError({
      thing: this.thing,
      expected,
      observed,
      nextStep: 'Lose it first and replace it afterwards, once each.',
    });
  }
}

/** Two drills may use the same label: nobody shares a folder for it. */
export function uniqueLabel(label: string): string {
  const safe = label
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 24);
  return `${safe}-${randomInt(36 ** 4).toString(36)}`;
}
