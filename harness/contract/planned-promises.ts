import type { PromiseFacts } from '../evidence/entry.ts';
import { platformFolder } from '../process/platform-folder.ts';
import { isOfAuthor } from '../project/mistakes.ts';
import type { Promises } from './load.ts';
import { promiseFacts } from './promise-facts.ts';
import type { ContractRunOptions } from './run-contracts.ts';

/**
 * Everything that a project promises when a run begins. A contract whose files are not all there is listed without inputs, which no later
 * state of the project equals: it proves nothing for that.
 */
export async function plannedPromises(
  { contracts, postures }: Promises,
  project: Pick<ContractRunOptions['project'], 'folder' | 'outDir'>,
): Promise<readonly PromiseFacts[]> {
  const folders = { ...project, platformDir: platformFolder() };
  const each = [
    ...contracts.map((contract) => ({ contracts: [contract], postures: [] })),
    ...postures.map((posture) => ({ contracts: [], postures: [posture] })),
  ];
  try {
    return await promiseFacts({ contracts, postures }, folders);
  } catch (error) {
    if (!isOfAuthor(error)) throw error;
  }
  return (await Promise.all(each.map((one) => factsOrNoInputs(one, folders)))).flat();
}

async function factsOrNoInputs(
  one: Pick<Promises, 'contracts' | 'postures'>,
  folders: Parameters<typeof promiseFacts>[1],
): Promise<readonly PromiseFacts[]> {
  try {
    return await promiseFacts(one, folders);
  } catch (error) {
    if (!isOfAuthor(error)) throw error;
    const facts = await promiseFacts(withoutFiles(one), folders);
    return facts.map((each, index) => ({ ...each, file: fileOf(one, index), inputs: [] }));
  }
}

/** The same promises with nothing to read. */
const withoutFiles = ({ contracts, postures }: Pick<Promises, 'contracts' | 'postures'>) => ({
  contracts: contracts.map(({ asset, protectedBy, ...rest }) => ({
    ...rest,
    asset: { ...asset, reads: [] },
    protectedBy: { ...protectedBy, reads: [] },
    sourceFile: undefined,
  })),
  postures: postures.map(({ appliedBy: _, checks, ...rest }) => ({
    ...rest,
    appliedBy: undefined,
    checks: checks.map((check) => ({ ...check, reads: [] })),
    sourceFile: undefined,
  })),
});

const fileOf = ({ contracts, postures }: Pick<Promises, 'contracts' | 'postures'>, index: number): string | null =>
  [...contracts, ...postures][index]?.sourceFile ?? null;
