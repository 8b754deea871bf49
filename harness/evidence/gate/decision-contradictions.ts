import { isKept } from '../../model/record-parts.ts';
import type { RunRecord } from '../../model/run-record.ts';
import { worstOf } from '../../verdict/judge.ts';
import { CLOCK_SKEW_MS, type EntryBody, type LedgerEntry } from '../entry.ts';
import { exitCodeOf, type GateDecision, type PromiseDecision, type ProofFacts } from './decision.ts';
import { judgeDrillAgain, judgePostureAgain } from './judge-again.ts';

// A decision is a file that anybody can edit, and it may be left over from another run. Before a report shows it, the decision is compared
// with itself, with the run and with the ledger. The gate is not asked again, because its policy may be elsewhere.

/**
 * Returns the first contradiction in a decision: with itself, with the reported run, or with the ledger. Undefined if there is none.
 * @param newestFirst the ledger from its last entry. Reading stops at the oldest entry that the decision depends on.
 */
export async function contradictionIn(
  decision: GateDecision,
  run: RunRecord,
  newestFirst: AsyncIterable<LedgerEntry>,
): Promise<string | undefined> {
  return againstItself(decision) ?? againstRun(decision, run) ?? (await againstLedger(decision, run, newestFirst));
}

function againstItself(decision: GateDecision): string | undefined {
  const { promises, problems, exitCode, counts } = decision;
  const expected = exitCodeOf([...problems, ...promises.flatMap((promise) => promise.problems)]);
  if (exitCode !== expected) return `its exit code is ${exitCode}, but its problems make it ${expected}`;
  if ((decision.decision === 'pass') !== (exitCode === 0)) {
    return `it says "${decision.decision}", and its exit code is ${exitCode}`;
  }
  if (counts.promises !== promises.length) return `it counts ${counts.promises} promises, and names ${promises.length}`;
  return firstOf(promises, outcomeContradiction);
}

function outcomeContradiction({ contract, outcome, problems, waived, proofs }: PromiseDecision): string | undefined {
  const expected = problems.length > 0 ? 'blocked' : waived.length > 0 ? 'waived' : 'passed';
  if (outcome !== expected) return `it says that ${contract} is ${outcome}, but its problems make it ${expected}`;
  const better = proofs.find(({ verdict, recorded, today }) => worstOf([recorded, today]) !== verdict);
  if (better !== undefined)
    return `it calls a proof of ${contract} ${better.verdict}, which is not the worse of its two verdicts`;
  if (outcome !== 'passed') return undefined;
  if (proofs.length === 0) return `it lets ${contract} pass without a proof`;
  const open = proofs.find(({ verdict }) => !isKept(verdict));
  return open === undefined ? undefined : `it lets ${contract} pass, and its proof is ${open.verdict}`;
}

function againstRun(decision: GateDecision, run: RunRecord): string | undefined {
  const { at, commit, promises } = decision;
  // The gate may have run on another machine.
  if (Date.parse(at) < Date.parse(run.ended) - CLOCK_SKEW_MS) {
    return `it was decided as of ${at}, and the run ended at ${run.ended}`;
  }
  const silent = run.drills.find(({ contract }) => promises.every((promise) => promise.contract !== contract.name));
  if (decision.decision === 'pass' && silent !== undefined) {
    return `it passes and says nothing of ${silent.contract.name}, which the run drilled`;
  }
  const proofs = proofsIn(decision);
  const ofRun = proofs.filter(({ proof }) => proof.runId === run.runId);
  const runCommit = run.drills.find(({ environment }) => environment.commit !== null)?.environment.commit ?? null;
  // A blocking decision may state exactly this problem: the drills of this run are of another version.
  const isOther = commit !== null && runCommit !== null && commit !== runCommit;
  if (decision.decision === 'pass' && ofRun.length === 0 && isOther) {
    return `it passes commit ${commit.slice(0, 10)} and rests on no drill of this run, which is of commit ${runCommit.slice(0, 10)}`;
  }
  return firstOf(ofRun, ({ contract, proof }) => proofAgainstRun(contract, proof, run));
}

function proofAgainstRun(contract: string, proof: ProofFacts, run: RunRecord): string | undefined {
  if (proof.disaster === null) {
    const posture = run.postures?.find((each) => each.contract.name === contract);
    if (posture === undefined) return `it rests on posture checks of ${contract} in this run, which made none`;
    return posture.verdict === proof.recorded ? undefined : verdictDiffers(contract, proof, posture.verdict);
  }
  const drill = run.drills.find(({ drillId }) => drillId === proof.drillId);
  if (drill === undefined || drill.contract.name !== contract || drill.disaster.name !== proof.disaster) {
    return `it rests on drill ${proof.drillId} of ${contract}, which this run did not make`;
  }
  if (drill.environment.commit !== proof.commit)
    return `it names another commit for drill ${proof.drillId} than the run`;
  const recorded = drill.judgement?.verdict ?? 'unproven';
  return recorded === proof.recorded ? undefined : verdictDiffers(contract, proof, recorded);
}

const verdictDiffers = (contract: string, { recorded }: ProofFacts, found: string): string =>
  `it says that ${contract} was recorded as ${recorded}, and the record says ${found}`;

async function againstLedger(
  decision: GateDecision,
  { runId }: RunRecord,
  newestFirst: AsyncIterable<LedgerEntry>,
): Promise<string | undefined> {
  const { ledger } = decision;
  if (!ledger.isRead) return undefined;
  const open = new Set(proofsIn(decision));
  let isDecidedUpTo = false;
  for await (const { sequence, digest, body } of newestFirst) {
    isDecidedUpTo ||= digest === ledger.lastDigest;
    if (!isDecidedUpTo && isWrittenBy(runId, body)) {
      return `it was decided before entry ${sequence}, which belongs to this run, or on another ledger`;
    }
    for (const rest of open) {
      const { contract, proof } = rest;
      if (proof.sequence !== sequence) continue;
      if (proof.digest !== digest) return `it names another digest for entry ${sequence} than the ledger`;
      const wrong = proofAgainstEntry(contract, proof, body);
      if (wrong !== undefined) return wrong;
      open.delete(rest);
    }
    if (isDecidedUpTo && open.size === 0) return undefined;
  }
  const [missing] = open;
  if (missing !== undefined) return `it rests on entry ${missing.proof.sequence}, which the ledger does not hold`;
  return isDecidedUpTo || ledger.lastDigest === null
    ? undefined
    : 'it was decided on another ledger: the last entry that it names is not in this one';
}

/** Returns whether the run itself wrote the entry. Others write later entries about it: sign-offs, or the note that it was killed. */
const isWrittenBy = (runId: string, body: EntryBody): boolean =>
  (body.kind === 'run-started' || body.kind === 'drill' || body.kind === 'run-finished') && body.runId === runId;

/** Judges the entry again. If the file has a better verdict than the entry, the gate did not make it. */
function proofAgainstEntry(contract: string, proof: ProofFacts, body: EntryBody): string | undefined {
  const judged = judgedEntry(contract, proof, body);
  if (judged === undefined) return `it rests on entry ${proof.sequence} for ${contract}, which is not a proof of that`;
  if (judged.recorded !== proof.recorded) return verdictDiffers(contract, proof, judged.recorded);
  return worstOf([proof.verdict, judged.verdict]) === proof.verdict
    ? undefined
    : `it calls entry ${proof.sequence} ${proof.verdict}, and judged again it is ${judged.verdict}`;
}

function judgedEntry(contract: string, { disaster, drillId, runId }: ProofFacts, body: EntryBody) {
  if (body.kind === 'drill') {
    const { record } = body;
    const isSame =
      record.contract.name === contract &&
      record.disaster.name === disaster &&
      record.drillId === drillId &&
      record.runId === runId;
    return isSame ? judgeDrillAgain(record) : undefined;
  }
  if (body.kind !== 'run-finished' && body.kind !== 'run-killed') return undefined;
  const posture = body.run.postures?.find((each) => each.contract.name === contract);
  return posture === undefined || disaster !== null || body.runId !== runId ? undefined : judgePostureAgain(posture);
}

const proofsIn = ({ promises }: Pick<GateDecision, 'promises'>) =>
  promises.flatMap(({ contract, proofs }) => proofs.map((proof) => ({ contract, proof })));

function firstOf<T>(all: readonly T[], find: (each: T) => string | undefined): string | undefined {
  for (const each of all) {
    const found = find(each);
    if (found !== undefined) return found;
  }
  return undefined;
}
