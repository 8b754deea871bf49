import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { memoryContract, memoryWorld } from '../drill/testing/memory-asset.ts';
import { runMemoryDrill } from '../drill/testing/run-memory-drill.ts';
import { type DrillRecord, verdicts } from '../model/record.ts';
import { exposureOf } from './exposure.ts';
import { judge, worstOf } from './judge.ts';
import { metRecord } from './testing/met-records.ts';

let met: DrillRecord;
beforeAll(async () => {
  met = (await runMemoryDrill(memoryContract(memoryWorld()))).record;
});

const changed = (change: (record: DrillRecord) => void): DrillRecord => {
  const record = structuredClone(met);
  change(record);
  return record;
};
const findingOf = (record: DrillRecord, name: string) =>
  judge(record).findings.find((finding) => finding.name === name);

describe('a judgement', () => {
  it('is the same for a record that was written down and read again', () => {
    expect(judge(JSON.parse(JSON.stringify(met)))).toEqual(met.judgement);
  });

  it('is never met for a record of which any proof is taken away', () => {
    const removals: Partial<DrillRecord>[] = [
      { absence: [] },
      { provenance: [] },
      { markers: [] },
      { comparison: null },
      { fingerprint: null },
      { phases: [] },
      { moments: { ...met.moments, restoreEnded: null } },
      { moments: { ...met.moments, cutOff: null } },
      { failure: { stage: 'verify', blame: 'harness', messages: ['x'], aborted: false } },
    ];
    for (const remove of removals) expect(judge({ ...met, ...remove }).verdict).toBe('unproven');
  });

  it('is at risk above 80 % of the RTO, and breached above it', () => {
    // RTA of the made-up record is 150 s.
    const withRta = (share: number) =>
      metRecord((record) => {
        record.contract.rtoMs = 150_000 / share;
      });
    expect([0.8, 0.801, 1, 1.001].map((share) => findingOf(withRta(share), 'rto')?.verdict)).toEqual([
      'met',
      'at-risk',
      'at-risk',
      'breached',
    ]);
  });

  it('gets no better when RTA grows', () => {
    const severity = (verdict: string | undefined) => ['met', 'at-risk', 'breached'].indexOf(verdict ?? '');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000 }), fc.integer({ min: 0, max: 2_000_000 }), (a, b) => {
        const at = (measuredMs: number) =>
          severity(
            findingOf(
              changed((record) => {
                record.phases = [{ name: 'restore', measuredMs, addedMs: 0, outcome: 'completed' }];
              }),
              'rto',
            )?.verdict,
          );
        expect(at(Math.max(a, b))).toBeGreaterThanOrEqual(at(Math.min(a, b)));
      }),
      { numRuns: 50 },
    );
  });

  it('is breached by any loss when nothing may be lost', () => {
    const record = changed((draft) => {
      draft.contract.rpoMs = 0;
      draft.contract.schedule = 'continuous';
    });
    expect(findingOf(record, 'rpo')).toMatchObject({ verdict: 'breached' });
    expect(findingOf(record, 'exposure')).toMatchObject({ verdict: 'met' });
  });

  it('adds the gap of the schedule by which a copy gets where it is restored from', () => {
    const copiedEvery = (cron: string | undefined) =>
      metRecord((draft) => {
        draft.contract.rpoMs = 3_600_000;
        draft.contract.schedule = { cron: '*/30 * * * *', timeZone: 'UTC' };
        if (cron === undefined || draft.recoveryPoint === null || draft.expected === undefined) return;
        draft.recoveryPoint.copiedOn = { cron, timeZone: 'UTC' };
        draft.expected.copiedOn = { cron, timeZone: 'UTC' };
      });
    const gapMs = (cron: string) => (exposureOf(copiedEvery(cron)) ?? 0) - (exposureOf(copiedEvery(undefined)) ?? 0);
    expect(gapMs('*/15 * * * *')).toBeCloseTo(15 * 60_000, 3);
    expect(findingOf(copiedEvery('*/15 * * * *'), 'exposure')?.verdict).toBe('met');
    expect(findingOf(copiedEvery('0 * * * *'), 'exposure')).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringContaining('"*/30 * * * *" (UTC), copied on by "0 * * * *" (UTC), with its capture'),
    });
  });

  it('blames the platform for what its procedure broke, and proves nothing by what the harness could not do', () => {
    const failed = (blame: 'procedure' | 'harness') =>
      judge({ ...met, failure: { stage: 'backup', blame, messages: ['exit 1'], aborted: false } });
    expect(failed('procedure').verdict).toBe('breached');
    expect(failed('harness').verdict).toBe('unproven');
    expect(failed('procedure').sentence).toContain('The stage "backup" failed: exit 1');
  });

  it('cannot judge a production size by a drill at one size', () => {
    const record = changed((draft) => {
      draft.contract.productionSizeBytes = 2 ** 35;
      draft.sizes = draft.sizes.slice(0, 1);
    });
    expect(findingOf(record, 'rto')?.sentence).toMatch(
      /promised for 32.0 GiB, but the restore cannot be extrapolated.*1 size/,
    );
  });
});

describe('the worst of several verdicts', () => {
  it('is unproven for none, and does not depend on their order', () => {
    expect(worstOf([])).toBe('unproven');
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...verdicts), { minLength: 1 }), (several) => {
        expect(worstOf([...several].reverse())).toBe(worstOf(several));
        expect(several).toContain(worstOf(several));
        if (several.includes('breached')) expect(worstOf(several)).toBe('breached');
      }),
    );
  });
});
