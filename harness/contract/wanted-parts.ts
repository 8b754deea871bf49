import { ExplainedError } from '../model/errors.ts';
import type { Capability } from '../model/target.ts';
import { localToolNames, type ToolName } from '../model/tools.ts';
import { contractFilesOf } from '../project/contract-files.ts';
import { openProject } from '../project/prepare-run.ts';
import { toolsFor } from '../project/start-target.ts';
import type { TargetName } from '../targets/wishes.ts';
import { partsOf } from './left-out.ts';
import { loadPromises, type Promises } from './load.ts';
import { namesManifests } from './prepare.ts';

/** What contracts need of a target and of this machine. */
export interface WantedParts {
  readonly wanted: readonly Capability[];
  /** Whether a contract names manifests, which kubectl renders. */
  readonly rendersManifests: boolean;
}

export const wantedParts = ({ contracts, postures }: Pick<Promises, 'contracts' | 'postures'>): WantedParts => ({
  wanted: [...new Set([...partsOf(contracts), ...postures.flatMap(({ needs }) => needs)])],
  rendersManifests: contracts.some(namesManifests),
});

/** The programs that a target takes for those parts, and for the manifests. */
export const toolsOfParts = (target: TargetName, { wanted, rendersManifests }: WantedParts): readonly ToolName[] => [
  ...new Set([...toolsFor(target, wanted), ...(rendersManifests ? ['kubectl' as const] : [])]),
];

/**
 * The programs that the contracts of a project need where the local target runs them.
 * @returns undefined where that is not known: there is no contract, or one of them does not load.
 */
export async function toolsOfContracts(root: string, configFile?: string): Promise<readonly ToolName[] | undefined> {
  let promises: Promises;
  try {
    promises = await loadPromises(await contractFilesOf(await openProject(root, configFile)));
  } catch (error) {
    if (error instanceof ExplainedError) return undefined;
    throw error;
  }
  if (promises.mistakes.length > 0) return undefined;
  const needed = toolsOfParts('local', wantedParts(promises));
  return localToolNames.filter((name) => needed.includes(name));
}
