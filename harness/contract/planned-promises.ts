import type { PostureContract } from '../model/posture.ts';
import type { KnownPosture } from '../reporting/plan/proofs.ts';
import type { RunbookContract } from '../reporting/runbook/runbook-contract.ts';
import { withManifests } from './prepare.ts';
import { loadDefined, runbookContract, type WrittenContracts } from './runbook-contracts.ts';

/** What may hold a line of a plan: drills as the runbook knows them, and checks with their definitions. */
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

/** A posture as a plan knows it. */
export const knownPosture = ({ name, checks, definitions }: PostureContract): KnownPosture => ({
  name,
  checks: checks.map((check) => ({ name: check.name, definition: definitions?.get(check.name) ?? null })),
});
