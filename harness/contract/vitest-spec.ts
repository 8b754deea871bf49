import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, inject, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import type { Contract } from '../model/contract.ts';
import type { DrillRecord, FindingName } from '../model/record.ts';
import { formatDuration } from '../model/units.ts';
import { attachTarget } from './attach-target.ts';
import { drillContract } from './drill-contract.ts';
import { needsOf } from './left-out.ts';
import { stateHere } from './vitest-project.ts';

/** The finding was not `met`; the message is its sentence. */
export class PromiseBrokenError extends Error {
  override readonly name = 'PromiseBrokenError';
}

/** Turns one contract into readable tests: one suite a disaster, one drill a suite, one test a finding. */
export function specify(contract: Contract): void {
  stateHere(contract);
  const lacking = needsOf(contract).filter((need) => !inject('drContracts').handle.capabilities.includes(need));
  if (lacking.length > 0) {
    // Seen in every report, with the reason: `dr-contracts drill --all` counts it as unproven.
    it(`${contract.name} is unproven here`, (context) =>
      context.skip(`this target has no ${lacking.join(' and no ')}`));
    return;
  }
  describe.each([...contract.survives])(`${contract.name} survives %s`, (disaster) => {
    let record: DrillRecord | undefined;

    beforeAll(async () => {
      const { handle, runDir, facts } = inject('drContracts');
      const target = attachTarget(handle, { clock: systemClock });
      const scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-spec-'));
      try {
        record = await drillContract({
          contract,
          disaster,
          target,
          facts,
          runDir,
          scratchDir,
          clock: systemClock,
          signal: new AbortController().signal,
          listener: () => undefined,
        });
      } finally {
        await rm(scratchDir, { recursive: true, force: true });
      }
    }, suiteBudgetMs(contract));

    const promise = (title: string, name: FindingName) =>
      it(title, () => {
        const finding = record?.judgement?.findings.find((candidate) => candidate.name === name);
        if (finding?.verdict === 'met' || finding?.verdict === 'at-risk') return;
        throw new PromiseBrokenError(
          `${finding?.verdict ?? 'unproven'}: ${finding?.sentence ?? 'the drill left no judgement'}`,
        );
      });

    promise('restores what was acknowledged', 'content');
    promise(`recovers within the RTO of ${formatDuration(contract.rtoMs)}`, 'rto');
    promise(`loses no more than the RPO of ${formatDuration(contract.rpoMs)}`, 'rpo');
    promise(
      `${contract.protectedBy.schedule === 'mirror' ? 'has a mirror whose lag' : 'has a schedule whose exposure'} is within the RPO of ${formatDuration(contract.rpoMs)}`,
      'exposure',
    );
    promise('proves that the asset was destroyed', 'destruction');
    if (contract.protectedBy.failBack !== undefined) {
      promise('fails back without loss, duplicates or split brain', 'fail-back');
    }
    const assured = contract.asset.disasters.find(({ name }) => name === disaster)?.assures ?? [];
    if (assured.includes('untouched')) promise('leaves untouched what it must not reach', 'untouched');
    if (assured.includes('acceptance')) promise('gives back what its users accept', 'acceptance');
    if (contract.freshness) {
      promise(`keeps its newest recovery point below ${formatDuration(contract.freshness.belowMs)}`, 'freshness');
    }
  });
}

/** Room for every stage's own budget: a drill that hangs is ended by the drill, which says where, not by vitest. */
const suiteBudgetMs = (contract: Contract): number => contract.rtoMs * 2 + 3_600_000;
