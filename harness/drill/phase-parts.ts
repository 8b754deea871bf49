import type { Clock } from '../clock/clock.ts';

/** A part of a phase that has begun. */
export interface OpenPart<Name extends string> {
  readonly name: Name;
  readonly ordinal: number;
}

/**
 * Divides the time of one phase among its parts and the phase itself, so that no millisecond is counted twice: at any moment
 * the part that began last and has not ended gets the time, whether parts are nested or run side by side.
 */
export class PhaseParts<Name extends string> {
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

  /** @throws when the phase is over: a part that begins then is part of nothing. */
  begin(name: Name): OpenPart<Name> {
    if (this.#isOver) throw new Error(`"${name}" began after the phase that it is part of was over`);
    this.#attribute();
    this.#begun += 1;
    const part = { name, ordinal: this.#begun };
    this.#open.push(part);
    return part;
  }

  /** @returns the time of the parts of that name that was not returned before, or undefined when the phase ended first. */
  end(part: OpenPart<Name>): number | undefined {
    if (this.#isOver) return undefined;
    this.#attribute();
    this.#open = this.#open.filter(({ ordinal }) => ordinal !== part.ordinal);
    return this.#take(part.name);
  }

  /** Ends the phase. @returns its own time, and the names and times of the parts that had not ended. */
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
