import type { Contract } from '../model/contract.ts';
import type { PostureContract } from '../model/posture.ts';

/** Where `contract()` and `posture()` leave what they define when a run, not vitest, loads the file. */
export interface ContractCollector {
  readonly contracts: Contract[];
  readonly postures: PostureContract[];
  sourceFile: string | undefined;
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
export async function collecting(load: (collector: ContractCollector) => Promise<void>): Promise<ContractCollector> {
  const collector: ContractCollector = { contracts: [], postures: [], sourceFile: undefined };
  const holder = globalThis as WithCollector;
  holder[KEY] = collector;
  try {
    await load(collector);
  } finally {
    delete holder[KEY];
  }
  return collector;
}
