import type { DrillRecord } from '../../model/record.ts';
import type { PageGate } from './page-source.ts';

type GateProof = PageGate['promises'][number]['proofs'][number];

/**
 * What the gate found of this very drill. Undefined where it judged another drill of the same promise: a later one, or one on another
 * target. What it said of that one says nothing of this one.
 */
export const proofOf = (
  gate: PageGate | undefined,
  { contract, disaster, drillId }: DrillRecord,
): GateProof | undefined =>
  gate?.promises
    .find((promise) => promise.contract === contract.name)
    ?.proofs.find((proof) => proof.disaster === disaster.name && proof.drillId === drillId);

export const isJudgedBy = (gate: PageGate | undefined, record: DrillRecord): boolean =>
  proofOf(gate, record) !== undefined;
