import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { runDrill } from '../drill/run-drill.ts';
import { failover, mirroredStreams } from '../index.ts';
import type { DrillRecord } from '../model/record.ts';
import type { FailoverStep } from '../procedures/failover-options.ts';
import { attachTarget } from './attach-target.ts';
import { defineContract } from './define.ts';
import { newDrillId } from './drill-contract.ts';
import { regionScripts } from './testing/region-scripts.ts';

const { handle, facts } = inject('drContracts');
const target = attachTarget(handle, { clock: systemClock });
let folder: string;
let nothing: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-contracts-region-sabotage-'));
  nothing = join(folder, 'nothing.sh');
  await writeFile(nothing, '#!/bin/sh\necho done\n', { mode: 0o755 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Drills the platform's failover with one of its scripts replaced by one that prints "done" and does nothing. */
async function drillWithout(
  step: FailoverStep,
  disaster: 'region-lost' | 'region-destroyed' = 'region-lost',
): Promise<DrillRecord> {
  const contract = defineContract({
    name: 'sabotaged',
    asset: mirroredStreams({ streams: [{ name: 'orders', subjects: ['orders.created'], messages: 50 }] }),
    rto: '15m',
    rpo: '5m',
    priority: 'P1',
    owner: 'tests',
    protectedBy: failover({ ...regionScripts, [step]: nothing }),
    survives: [disaster],
  });
  return await runDrill({
    contract,
    disaster,
    target,
    drillId: newDrillId(),
    run: facts,
    scratchDir: folder,
    clock: systemClock,
    signal: new AbortController().signal,
    listener: () => undefined,
    save: async () => undefined,
    tuning: { serviceBudgetMs: 1_500 },
  });
}

const findingOf = (record: DrillRecord, name: string) =>
  record.judgement?.findings.find((finding) => finding.name === name);

describe('a failover', () => {
  it('that promotes nothing is breached: the mirror is a mirror still', async () => {
    const record = await drillWithout('promote');
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(
      /expected a stream that takes writes, found still a mirror of \$JS\.us-west-2\.API, which was not promoted/,
    );
    expect(findingOf(record, 'rto')?.sentence).toMatch(/"service-check" did not complete.*no stream listens/);
    expect(findingOf(record, 'fail-back')).toMatchObject({ verdict: 'unproven' });
  });

  it('that leaves the name where it was never gives the service back', async () => {
    const record = await drillWithout('redirect');
    expect(record.judgement?.verdict).toBe('unproven');
    expect(record.judgement?.sentence).toMatch(/"service-check" did not complete.*refused/i);
    expect(findingOf(record, 'content')).toMatchObject({ verdict: 'met' });
  });

  it('after which the lost region comes back as if nothing had happened is split brain', async () => {
    const record = await drillWithout('start');
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(/^Split brain: .*accepted a write on its return.*region us-west-2/);
    // Writes acknowledged after its return are not carried over.
    expect(record.failBack?.markers.map(({ lost, unknown }) => lost + unknown)).toEqual([0]);
    expect(findingOf(record, 'rto')).toMatchObject({ verdict: 'met' });
  });

  it('after which a region that comes back empty is open lets applications begin anew there: split brain as well', async () => {
    const record = await drillWithout('start', 'region-destroyed');
    expect(record.disaster.exercised).toMatch(/storage removed, bucket emptied of every version/);
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(
      /^Split brain: .*accepted a write on its return.*publish to .*region us-west-2: .*had to be made/,
    );
    expect(record.failBack?.proofs.filter(({ holds }) => !holds)).toEqual([]);
    expect(record.failBack?.markers.map(({ lost, unknown, duplicated }) => lost + unknown + duplicated)).toEqual([0]);
  });

  it('that makes no mirror of a region that came back empty does not put it in charge', async () => {
    const record = await drillWithout('rejoin', 'region-destroyed');
    expect(record.judgement?.verdict).toBe('breached');
    expect(record.judgement?.sentence).toMatch(
      /fail-back.*no mirror of stream orders\S* in us-west-2: it has not rejoined/,
    );
    expect(findingOf(record, 'rto')).toMatchObject({ verdict: 'met' });
  });
});
