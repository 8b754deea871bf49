import { contractFacts } from '../drill/new-record.ts';
import type { Contract } from '../model/contract.ts';
import type { PostureContract } from '../model/posture.ts';
import { platformFolder } from '../process/platform-folder.ts';
import type { ContractFiles } from '../project/contract-files.ts';
import { throwMistakes } from '../project/mistakes.ts';
import type { KnownPosture } from '../reporting/plan/proofs.ts';
import type { RunbookContract } from '../reporting/runbook/runbook-contract.ts';
import { withDefinitions } from './definitions.ts';
import { loadPromises, type Promises } from './load.ts';
import { withManifests } from './prepare.ts';
import { needsOf } from './wanted-parts.ts';

/**
 * Loads the contracts of those files for the runbook: with their manifests, as they are drilled.
 * @param kubectl returns the path of the kubectl that renders manifests; called only where a contract names some.
 */
export async function loadRunbookContracts(
  written: WrittenContracts,
  kubectl: () => Promise<string>,
  signal: AbortSignal,
): Promise<readonly RunbookContract[]> {
  const { contracts } = await loadDefined(written);
  return (await withManifests(contracts, kubectl, signal)).map(runbookContract);
}

/** Contract files of a project, and the folder of its records, which are inputs of no promise. */
interface WrittenContracts {
  readonly contractFiles: ContractFiles;
  readonly outDir: string;
}

/**
 * Returns everything that a project promises, with the definition of each promise.
 * @throws {ExplainedError} for a mistake in a contract file, or an unreadable file behind a contract.
 */
async function loadDefined({ contractFiles, outDir }: WrittenContracts): Promise<Promises> {
  const promises = await loadPromises(contractFiles);
  throwMistakes(promises.mistakes);
  return await withDefinitions(promises, {
    folder: contractFiles.folder,
    platformDir: platformFolder(),
    outDir,
  });
}

export function runbookContract(contract: Contract): RunbookContract {
  return {
    facts: contractFacts(contract),
    disasters: contract.survives.flatMap((name) =>
      contract.asset.disasters.filter((disaster) => disaster.name === name),
    ),
    needs: needsOf(contract),
    sourceFile: contract.sourceFile,
    degraded: contract.degraded,
    decides: contract.runbook?.decides,
    ifItFails: contract.runbook?.ifItFails,
  };
}

/** Loads the possible holders of a line of a plan: drills as in the runbook, and checks with their definitions. */
export async function loadPlannedPromises(
  written: WrittenContracts,
  kubectl: () => Promise<string>,
  signal: AbortSignal,
): Promise<{ readonly contracts: readonly RunbookContract[]; readonly postures: readonly KnownPosture[] }> {
  const { contracts, postures } = await loadDefined(written);
  return {
    contracts: (await withManifests(contracts, kubectl, signal)).map(runbookContract),
    postures: postures.map(knownPosture),
  };
}

/** Returns a posture in the form that a plan uses. */
const knownPosture = ({ name, checks, definitions }: PostureContract): KnownPosture => ({
  name,
  checks: checks.map((check) => ({ name: check.name, definition: definitions?.get(check.name) ?? null })),
});
