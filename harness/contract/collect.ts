import type { Contract } from '../model/contract.ts';
import { ExplainedError } from '../model/errors.ts';
import type { PostureContract } from '../model/posture.ts';
import { type ContractMistake, isOfAuthor } from '../project/mistakes.ts';
import { mistakesIn } from './mistakes-in.ts';

/** Where `contract()` and `posture()` leave what they define when a run, not vitest, loads the file. */
export interface ContractCollector {
  readonly contracts: Contract[];
  readonly postures: PostureContract[];
  readonly mistakes: ContractMistake[];
  /** Mistakes in options, such as those of `jetstream({ … })`, that no contract has used yet. */
  readonly unused: Set<Error>;
  /** From the project's folder. */
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

/** Runs `load` with a collector in place, and takes it away again. */
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

/** Defines one contract; what its author got wrong stops this contract, and not the others in its file. */
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

/** The name in a definition, even if the rest of the definition is wrong. */
export const nameIn = (definition: unknown): string | undefined =>
  typeof definition === 'object' && definition !== null && 'name' in definition && typeof definition.name === 'string'
    ? definition.name
    : undefined;

/** The error for a contract file that was started as a program, or imported by one. */
export const loadedByNobody = (thing: string): ExplainedError =>
  new ExplainedError({
    thing,
    expected: 'to be loaded by vitest or by dr-contracts',
    observed: 'something else loaded it',
    nextStep: 'Run `npx dr-contracts drill` or `npx vitest run`.',
  });
