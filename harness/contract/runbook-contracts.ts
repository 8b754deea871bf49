import { contractFacts } from '../drill/new-record.ts';
import type { Contract } from '../model/contract.ts';
import type { ContractFiles } from '../project/contract-files.ts';
import type { RunbookContract } from '../reporting/runbook/runbook-contract.ts';
import { needsOf } from './left-out.ts';
import { loadContracts } from './load.ts';
import { withManifests } from './prepare.ts';

/**
 * The contracts of those files as the runbook knows them: with what their manifests say, as they are drilled.
 * @param kubectl says where the kubectl is that renders manifests; asked only where a contract names some.
 */
export async function loadRunbookContracts(
  contractFiles: ContractFiles,
  kubectl: () => Promise<string>,
  signal: AbortSignal,
): Promise<readonly RunbookContract[]> {
  return (await withManifests(await loadContracts(contractFiles), kubectl, signal)).map(runbookContract);
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
