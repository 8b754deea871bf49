import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DrillRecord, verdicts } from '../model/record.ts';
import { exposureOf } from './exposure.ts';
import { judge, worstOf } from './judge.ts';
import { metRecord } from './testing/met-records.ts';

const met = metRecord();

const changed = (change: (record: DrillRecord) => void): DrillRecord => {
  const record = structuredClone(met);
  change(record);
  return record;
};
const findingOf = (record: DrillRecord, name: string) =>
  judge(record).findings.find((finding) => finding.name === name);

describe('a judgement', () => {
  it('is the same for a record that was written down and read again', () => {
    expect(judge(JSON.parse(JSON.stringify(met)))).toEqual(judge(met));
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
      fc.property(fc.integer({ min: 1, max: 2_000_000 }), fc.integer({ min: 1, max: 2_000_000 }), (a, b) => {
        // The test lowers the promise and does not lengthen the recovery, because the record has to stay consistent.
        const at = (rtoMs: number) =>
          severity(
            findingOf(
              changed((record) => Object.assign(record.contract, { rtoMs })),
              'rto',
            )?.verdict,
          );
        expect(at(Math.min(a, b))).toBeGreaterThanOrEqual(at(Math.max(a, b)));
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

  const failing = (
    failure: Partial<NonNullable<DrillRecord['failure']>>,
    change: (record: DrillRecord) => void = () => undefined,
  ) =>
    judge(
      changed((record) => {
        record.failure = { stage: 'backup', blame: 'procedure', messages: ['exit 1'], aborted: false, ...failure };
        change(record);
      }),
    );
  const verdictsOf = ({ findings }: Pick<ReturnType<typeof judge>, 'findings'>) =>
    findings.map(({ name, verdict }) => `${name} ${verdict}`);

  it('blames the platform for what its procedure broke', () => {
    const judgement = failing({});
    expect(judgement).toMatchObject({ verdict: 'breached', sentence: 'The stage "backup" failed: exit 1' });
    expect(verdictsOf(judgement)).toEqual([
      'content breached',
      'destruction unproven',
      'rpo breached',
      'exposure unproven',
      'rto breached',
    ]);
    expect(judgement.findings[1]?.sentence).toBe(
      'The stage "backup" failed: exit 1; destruction and provenance were not proved.',
    );
  });

  it('proves nothing by what the harness could not do, or by what was interrupted', () => {
    expect(failing({ blame: 'harness' }).verdict).toBe('unproven');
    expect(failing({ aborted: true })).toMatchObject({
      verdict: 'unproven',
      sentence: 'The drill was interrupted in the stage "backup": exit 1',
    });
    expect(verdictsOf(failing({ blame: 'harness' }))).toEqual([
      'content unproven',
      'destruction unproven',
      'rpo unproven',
      'exposure unproven',
      'rto unproven',
    ]);
  });

  it('names up to two causes of a failure', () => {
    expect(failing({ messages: ['exit 1', 'a', 'b', 'c'] }).sentence).toBe(
      'The stage "backup" failed: exit 1 Cause: a; b',
    );
    expect(failing({ messages: [] }).sentence).toBe('The stage "backup" failed: no reason was given');
  });

  it('keeps what is breached besides a failure of the harness: the schedule, the RTO, the age, what had to stay untouched', () => {
    const judgement = failing({ blame: 'harness' }, (record) => {
      record.contract.rpoMs = 1;
      record.contract.rtoMs = 1;
      record.contract.freshness = { belowMs: 1, criticalMs: 2 };
      record.disaster.assures = ['untouched'];
      record.contract.failsBack = true;
    });
    expect(judgement.verdict).toBe('breached');
    expect(verdictsOf(judgement)).toEqual([
      'content unproven',
      'destruction unproven',
      'rpo unproven',
      'exposure breached',
      'rto breached',
      'freshness breached',
      'untouched unproven',
      'fail-back unproven',
    ]);
    expect(judgement.sentence).toContain('Promised to lose at most 1 ms');
  });

  it('has the figures of the record', () => {
    expect(judge(met)).toMatchObject({
      sentence: judge(met).findings[0]?.sentence,
      rta: { valueMs: 150_000, atLeast: false },
      rpa: { valueMs: 9_000, atLeast: false },
      exposureMs: 310_000,
      marginPercent: 83.3,
    });
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
