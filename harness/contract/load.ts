import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { drillName } from '../drill/drill-name.ts';
import type { Contract } from '../model/contract.ts';
import { ExplainedError, summaryOf } from '../model/errors.ts';
import type { PostureContract } from '../model/posture.ts';
import { collecting } from './collect.ts';
import { suggestion } from './define.ts';

/** Everything that contract files promise, in order. */
export interface Promises {
  readonly contracts: readonly Contract[];
  readonly postures: readonly PostureContract[];
}

/** The contracts with drills that these files define; as {@link loadPromises} has it. */
export const loadContracts = async (files: readonly string[]): Promise<readonly Contract[]> =>
  (await loadPromises(files)).contracts;

/**
 * Loads contract files and returns what they define, in order.
 * @throws {ExplainedError} for a file that cannot be loaded, a contract that is not well formed, a name used twice.
 */
export async function loadPromises(files: readonly string[]): Promise<Promises> {
  const { contracts, postures } = await collecting(async (collector) => {
    for (const file of files) {
      const shown = relative(process.cwd(), file);
      collector.sourceFile = shown;
      const before = collector.contracts.length + collector.postures.length;
      await load(file, shown);
      if (collector.contracts.length + collector.postures.length === before) {
        throw new ExplainedError({
          thing: shown,
          expected: 'at least one contract({ … }) or posture({ … })',
          observed: 'it defines none',
          nextStep: 'Define one, or move the file out of contracts/.',
        });
      }
    }
  });
  const seen = new Map<string, Pick<Contract, 'sourceFile'>>();
  for (const contract of [...contracts, ...postures]) {
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
  return { contracts, postures };
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

/** What is promised under those names; everything when no name is given. */
export function selectPromises({ contracts, postures }: Promises, names: readonly string[]): Promises {
  const known = [...contracts, ...postures].map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new ExplainedError({
      thing: `contract "${name}"`,
      expected: known.length === 0 ? 'contracts below contracts/' : `one of ${known.join(', ')}`,
      observed: `there is none of that name${suggestion(name, known)}`,
      nextStep: 'Run `npx dr-contracts list` to see the contracts.',
    });
  }
  const isWanted = ({ name }: { readonly name: string }) => names.length === 0 || names.includes(name);
  return { contracts: contracts.filter(isWanted), postures: postures.filter(isWanted) };
}

/** Every drill of a contract by the name that people see. */
export const drillsOf = (contract: Contract): readonly string[] =>
  contract.survives.map((disaster) => drillName(contract.name, disaster));
