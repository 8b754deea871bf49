import { contractFacts } from '../drill/new-record.ts';
import type { Contract } from '../model/contract.ts';
import type { ContractFiles } from '../project/contract-files.ts';
import type { RunbookContract } from '../reporting/runbook/runbook-contract.ts';
import { needsOf } from './left-out.ts';
import { loadContracts } from './load.ts';

/** The contracts of those files as the runbook knows them. */
export async function loadRunbookContracts(contractFiles: ContractFiles): Promise<readonly RunbookContract[]> {
  return (await loadContracts(contractFiles)).map(runbookContract);
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
