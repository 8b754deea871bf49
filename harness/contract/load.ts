import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { drillName } from '../drill/run-drill.ts';
import type { Contract } from '../model/contract.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import { collecting } from './collect.ts';
import { suggestion } from './define.ts';

/**
 * Loads contract files and returns what they define, in order.
 * @throws {ExplainedError} for a file that cannot be loaded, a contract that is not well formed, a name used twice.
 */
export async function loadContracts(files: readonly string[]): Promise<readonly Contract[]> {
  const contracts = await collecting(async (collector) => {
    for (const file of files) {
      const shown = relative(process.cwd(), file);
      collector.sourceFile = shown;
      const before = collector.contracts.length;
      await load(file, shown);
      if (collector.contracts.length === before) {
        throw new ExplainedError({
          thing: shown,
          expected: 'at least one contract({ … })',
          observed: 'it defines none',
          nextStep: 'Define one, or move the file out of contracts/.',
        });
      }
    }
  });
  const seen = new Map<string, Contract>();
  for (const contract of contracts) {
    const other = seen.get(contract.name);
    if (other !== undefined) {
      throw new ExplainedError({
        thing: `contract "${contract.name}"`,
        expected: 'a name of its own',
        observed: `${other.sourceFile} and ${contract.sourceFile} both use it`,
        nextStep: 'Rename one of them.',
      });
    }
    seen.set(contract.name, contract);
  }
  return contracts;
}

async function load(file: string, shown: string): Promise<void> {
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof ExplainedError || (error instanceof Error && error.name === 'ExplainedError')) throw error;
    throw new ExplainedError(
      {
        thing: shown,
        expected: 'a contract file that loads',
        observed: summaryOf(error),
        nextStep: 'Correct the file.',
      },
      { cause: error },
    );
  }
}

/** The contracts of those names; all of them when no name is given. */
export function selectContracts(contracts: readonly Contract[], names: readonly string[]): readonly Contract[] {
  const known = contracts.map((contract) => contract.name);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new ExplainedError({
      thing: `contract "${name}"`,
      expected: known.length === 0 ? 'contracts below contracts/' : `one of ${known.join(', ')}`,
      observed: `there is none of that name${suggestion(name, known)}`,
      nextStep: 'Run `npx dr-contracts list` to see the contracts.',
    });
  }
  return names.length === 0 ? contracts : contracts.filter((contract) => names.includes(contract.name));
}

/** Every drill of a contract by the name that people see. */
export const drillsOf = (contract: Contract): readonly string[] =>
  contract.survives.map((disaster) => drillName(contract.name, disaster));
