import { noteMadeOf } from '../model/made-of.ts';
import { currentCollector } from './collect.ts';
import { mistaken, mistakesIn } from './mistakes-in.ts';

/** A global symbol: the contract file may load another copy of this package than the run that loads it. */
const DEFERRING = Symbol.for('dr-contracts.deferring');

interface WithDeferred {
  [DEFERRING]?: Set<Error>;
}

/**
 * From here on, options that are not well formed stop the contract that uses them, as they do where a run collects contracts.
 * @returns the mistakes that no contract has used yet.
 */
export function deferMistakes(): ReadonlySet<Error> {
  const unused = new Set<Error>();
  (globalThis as WithDeferred)[DEFERRING] = unused;
  return unused;
}

const unusedMistakes = (): Set<Error> | undefined =>
  currentCollector()?.unused ?? (globalThis as WithDeferred)[DEFERRING];

/**
 * `jetstream({ … })` and the like are evaluated before the `contract({ … })` that they are an argument of. An error that they throw would
 * end the whole file. While contracts are loaded they therefore return the mistake, and the contract reports it as its own. What they make
 * carries the options that it was made of: they are a part of the definition of a promise.
 */
export function stopsOneContract<F extends (...options: never[]) => object>(make: F): F {
  const noted = (options: Parameters<F>): object => noteMadeOf(make(...options), { kind: make.name, options });
  const deferring = (...options: Parameters<F>): object => {
    const unused = unusedMistakes();
    if (unused === undefined) return noted(options);
    const [inner] = mistakesIn(options);
    if (inner !== undefined) return mistaken(inner);
    try {
      return noted(options);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      unused.add(error);
      return mistaken(error);
    }
  };
  return deferring as F;
}

/** Throws the first mistake that a part of the definition holds. */
export function throwMistakeIn(definition: unknown): void {
  const mistakes = mistakesIn(definition);
  for (const mistake of mistakes) unusedMistakes()?.delete(mistake);
  const [first] = mistakes;
  if (first !== undefined) throw first;
}
