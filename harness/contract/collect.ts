import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import { noteMadeOf } from '../model/made-of.ts';
import type { PostureContract } from '../model/posture.ts';
import { type ContractMistake, isOfAuthor } from '../project/mistakes.ts';

/** Place in which `contract()` and `posture()` put their definitions when a run, not vitest, loads the file. */
export interface ContractCollector {
  readonly contracts: Contract[];
  readonly postures: PostureContract[];
  readonly mistakes: ContractMistake[];
  /** Mistakes in options, e.g. of `jetstream({ … })`, that no contract has used yet. */
  readonly unused: Set<Error>;
  /** Relative to the project's folder. */
  readonly sourceFile: string;
}

/** A global symbol: the contract file may load another copy of this package than the run that collects it. */
const KEY = Symbol.for('dr-contracts.collector');

interface WithCollector {
  [KEY]?: ContractCollector;
}

export function currentCollector(): ContractCollector | undefined {
  return (globalThis as WithCollector)[KEY];
}

/** Runs `load` with a collector in place, and removes the collector afterwards. */
export async function collecting(sourceFile: string, load: () => Promise<void>): Promise<ContractCollector> {
  const collector: ContractCollector = { contracts: [], postures: [], mistakes: [], unused: new Set(), sourceFile };
  const holder = globalThis as WithCollector;
  holder[KEY] = collector;
  try {
    await load();
  } finally {
    delete holder[KEY];
  }
  return collector;
}

/** Defines one contract; a mistake of its author stops this contract, not the others in its file. */
export function collect<T>(collector: ContractCollector, into: T[], definition: unknown, define: () => T): void {
  try {
    into.push(define());
  } catch (error) {
    if (!isOfAuthor(error)) throw error;
    for (const each of new Set([error, ...mistakesIn(definition)])) {
      collector.mistakes.push({ contract: nameIn(definition), file: collector.sourceFile, error: each });
    }
  }
}

/** Returns the name in a definition, even if the rest of the definition is invalid. */
export const nameIn = (definition: unknown): string | undefined =>
  typeof definition === 'object' && definition !== null && 'name' in definition && typeof definition.name === 'string'
    ? definition.name
    : undefined;

/** Returns the error for a contract file that was started as a program, or imported by one. */
export const loadedByNobody = (thing: string): ExplainedError =>
  new ExplainedError({
    thing,
    expected: 'to be loaded by vitest or by dr-contracts',
    observed: 'something else loaded it',
    nextStep: 'Run `npx dr-contracts drill` or `npx vitest run`.',
  });

/** A global symbol: the contract file may load another copy of this package than the run that loads it. */
const MISTAKE = Symbol.for('dr-contracts.mistake');

/** Returns a placeholder for invalid options, until the contract that uses them reports it. */
const mistaken = (error: Error): object => ({ [MISTAKE]: error });

const DEEPEST = 4;

/** Returns the mistakes in the parts of a definition, in their order. */
function mistakesIn(value: unknown, depth = 0): readonly Error[] {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return [];
  if (MISTAKE in value && value[MISTAKE] instanceof Error) return [value[MISTAKE]];
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return [...new Set(parts.flatMap((part) => mistakesIn(part, depth + 1)))];
}

/** A global symbol: the contract file may load another copy of this package than the run that loads it. */
const DEFERRING = Symbol.for('dr-contracts.deferring');

interface WithDeferred {
  [DEFERRING]?: Set<Error>;
}

/**
 * Defers mistakes: from here on, invalid options stop only the contract that uses them, as where a run collects contracts.
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
 * Wraps a function so that a mistake in its options stops one contract only. `jetstream({ … })` and the like are evaluated before the
 * `contract({ … })` that they are an argument of. An error thrown by them would end the whole file. While contracts are loaded, they
 * therefore return the mistake, and the contract reports it as its own. Their results carry the options, which are a part of the definition
 * of a promise.
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

/** Throws the first mistake in a part of the definition. */
export function throwMistakeIn(definition: unknown): void {
  const mistakes = mistakesIn(definition);
  for (const mistake of mistakes) unusedMistakes()?.delete(mistake);
  const [first] = mistakes;
  if (first !== undefined) throw first;
}
