import { describe, expect, it } from 'vitest';
import type { DrillRecord, PhaseRecord, SizePoint } from '../model/record.ts';
import { judge } from './judge.ts';
import { judgeRto, recoveryTimeOf, rtaOf } from './recovery-time.ts';
import { metRecord } from './testing/met-records.ts';

const GIB = 2 ** 30;
const marginOf = (record: DrillRecord): number | null => judge(record).marginPercent;

/** Restores that take 2 s plus 10 s for each GiB, measured at 1, 2, 4 and 8 GiB. */
const line: readonly SizePoint[] = [1, 2, 4, 8].map((size) => ({
  sizeBytes: size * GIB,
  restoreMs: 2_000 + size * 10_000,
  backupMs: 1,
}));
const phases = (record: DrillRecord, ...changed: readonly PhaseRecord[]): void => {
  record.phases = [...changed];
};
const restored = (measuredMs: number, outcome: PhaseRecord['outcome'] = 'completed', detail?: string): PhaseRecord => ({
  name: 'restore',
  measuredMs,
  addedMs: 0,
  outcome,
  ...(detail === undefined ? {} : { detail }),
});

describe('a backup in an archive', () => {
  it('C24: is a breach where thawing takes longer than the RTO, however fast the drill was', () => {
    const archived = (rtoMs: number) =>
      metRecord((record) => {
        record.contract.rtoMs = rtoMs;
        record.contract.productionSizeBytes = null;
        if (record.recoveryPoint === null) return;
        record.recoveryPoint.archived = { storageClass: 'DEEP_ARCHIVE', thawMs: 43_200_000 };
      });
    expect(judgeRto(archived(43_349_999))).toMatchObject({
      verdict: 'breached',
      cause: 'thaw-exceeds-rto',
      sentence: expect.stringContaining('DEEP_ARCHIVE'),
    });
    expect(judgeRto(archived(43_350_000))).toMatchObject({
      verdict: 'at-risk',
      sentence: expect.stringContaining('after up to 12 h to thaw the backup'),
    });
    expect(judgeRto(archived(2 * 43_350_000))).toMatchObject({ verdict: 'met' });
  });
});

describe('RTA', () => {
  it('is the sum of the phases, what the contract adds included', () => {
    expect(rtaOf(metRecord())).toEqual({ valueMs: 150_000, atLeast: false });
  });

  it('is more than that when a phase was not completed', () => {
    const record = metRecord((each) => phases(each, restored(1_000), restored(2_000, 'timed-out')));
    expect(rtaOf(record)).toEqual({ valueMs: 3_000, atLeast: true });
  });

  it('is not known without a disaster, or without a phase', () => {
    const none = metRecord((record) => {
      record.moments.disasterEnded = null;
    });
    expect(rtaOf(none)).toBeNull();
    expect(rtaOf(metRecord((record) => phases(record)))).toBeNull();
    expect(judgeRto(none)).toEqual({
      name: 'rto',
      verdict: 'unproven',
      cause: 'rto-unknown',
      sentence: 'No recovery was timed, so the RTO is not proved.',
    });
  });
});

describe('the RTO', () => {
  it('names what was promised, what it took, and its parts', () => {
    expect(judgeRto(metRecord())).toEqual({
      name: 'rto',
      verdict: 'met',
      sentence:
        'Promised back within 15 min; recovered in 2 min 30 s (detection 2 s + 1 min 30 s budgeted, decision 40 s budgeted, provisioning 3 s, restore 12 s, service-check 3 s).',
    });
  });

  it('is at risk above 80 %, and breached above 100 %', () => {
    const taking = (measuredMs: number) => judgeRto(metRecord((record) => phases(record, restored(measuredMs))));
    expect(taking(720_000)).toMatchObject({ verdict: 'met' });
    expect(taking(720_001)).toMatchObject({
      verdict: 'at-risk',
      sentence: 'Promised back within 15 min; recovered in 12 min (restore 12 min), above 80 % of the objective.',
    });
    expect(taking(900_000)).toMatchObject({ verdict: 'at-risk' });
    expect(taking(960_000)).toMatchObject({
      verdict: 'breached',
      sentence: 'Promised back within 15 min; recovered in 16 min (restore 16 min), 1 min too much.',
    });
  });

  it('names no part that took no time', () => {
    const none: PhaseRecord = { name: 'decision', measuredMs: 0, addedMs: 0, outcome: 'completed' };
    expect(judgeRto(metRecord((record) => phases(record, none, restored(1_000)))).sentence).toContain(
      'recovered in 1 s (restore 1 s).',
    );
  });

  it('is breached by a phase that was cut off beyond it', () => {
    const record = metRecord((each) => phases(each, restored(901_000, 'timed-out')));
    expect(judgeRto(record)).toMatchObject({
      verdict: 'breached',
      sentence:
        'Promised back within 15 min; recovered in more than 15 min 1 s (restore 15 min 1 s (timed-out)), 1 s too much.',
    });
  });

  it('is not proved by a phase that was cut off before it', () => {
    const cutOff = (detail?: string) =>
      judgeRto(metRecord((each) => phases(each, restored(1_000), restored(60_000, 'failed', detail))));
    expect(cutOff('no answer')).toEqual({
      name: 'rto',
      verdict: 'unproven',
      cause: 'rto-unknown',
      sentence:
        'The phase "restore" did not complete (no answer); the drill gave up after more than 1 min 1 s, before the RTO of 15 min was over.',
    });
    expect(cutOff().sentence).toContain('did not complete (failed)');
  });
});

describe('the RTO at a production size', () => {
  const sized = (change: (record: DrillRecord) => void = () => undefined) =>
    metRecord((record) => {
      record.contract.productionSizeBytes = 50 * GIB;
      record.sizes = [...line];
      phases(record, { ...restored(100_000), addedMs: 60_000 });
      change(record);
    });

  it('B14: replaces the stage of the restore, of which the phases may be parts, by its bound at that size', () => {
    // RTA is 160 s, including 82 s for the restore stage. At 50 GiB that stage takes 502 s.
    expect(recoveryTimeOf(sized())?.valueMs).toBeCloseTo(160_000 - 82_000 + 502_000, 3);
    const divided = sized((record) => {
      phases(record, restored(20_000), { ...restored(80_000), name: 'promotion', addedMs: 60_000 });
    });
    expect(recoveryTimeOf(divided)?.valueMs).toBeCloseTo(580_000, 3);
    expect(judgeRto(divided)).toMatchObject({
      verdict: 'met',
      sentence:
        "Promised back within 15 min at 50.0 GiB; expected at that size (95 % upper bound) 9 min 40 s, measured 2 min 40 s at the drill's size.",
    });
  });

  it('B14: has the margin of what it judges', () => {
    expect(marginOf(sized())).toBe(35.6);
    const slow = sized((record) => {
      record.contract.rtoMs = 500_000;
    });
    expect(judgeRto(slow)).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringContaining('1 min 20 s too much'),
    });
    expect(marginOf(slow)).toBe(-16);
  });

  it('is not shorter than what was measured, where the line is below it', () => {
    const small = sized((record) => {
      record.contract.productionSizeBytes = GIB;
    });
    expect(recoveryTimeOf(small)?.valueMs).toBeCloseTo(160_000, 3);
  });

  it('B14: is not proved, and has no margin, where the restore cannot be extrapolated', () => {
    const one = sized((record) => {
      record.sizes = line.slice(0, 1);
    });
    expect(judgeRto(one)).toEqual({
      name: 'rto',
      verdict: 'unproven',
      cause: 'rto-unknown',
      sentence:
        'The RTO is promised for 50.0 GiB, but the restore cannot be extrapolated to it: it was measured at 1 size; a fit needs 4. Let the drill run at more and larger sizes.',
    });
    expect(recoveryTimeOf(one)).toBeNull();
    expect(marginOf(one)).toBeNull();
  });

  it('is breached by what was measured, whatever the line says', () => {
    const late = sized((record) => {
      record.contract.rtoMs = 159_999;
      record.sizes = [];
    });
    expect(judgeRto(late)).toMatchObject({ verdict: 'breached', sentence: expect.not.stringContaining('GiB') });
    expect(recoveryTimeOf(late)).toEqual({ valueMs: 160_000, atLeast: false });
    expect(marginOf(late)).toBe(0);
  });

  it('is not proved by a phase that was cut off', () => {
    const cutOff = sized((record) => phases(record, restored(1_000, 'timed-out')));
    expect(judgeRto(cutOff)).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringContaining('did not complete'),
    });
    expect(recoveryTimeOf(cutOff)?.atLeast).toBe(true);
    const atTheRto = sized((record) => phases(record, restored(900_000, 'timed-out')));
    expect(judgeRto(atTheRto)).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringContaining('did not complete'),
    });
  });

  it('is that at the size where what was measured takes the whole RTO', () => {
    const slow = sized((record) => {
      record.contract.rtoMs = 160_000;
    });
    expect(recoveryTimeOf(slow)?.valueMs).toBeCloseTo(580_000, 3);
    expect(judgeRto(slow)).toMatchObject({ verdict: 'breached', sentence: expect.stringContaining('at 50.0 GiB') });
  });

  it('is not known where no phase was timed', () => {
    expect(recoveryTimeOf(sized((record) => phases(record)))).toBeNull();
  });
});

describe('the margin', () => {
  it('is what is left of the tightest objective: RTO, RPO by RPA or exposure, freshness by its critical level', () => {
    expect(marginOf(metRecord())).toBe(83.3);
    const margin = (change: (record: DrillRecord) => void) => marginOf(metRecord(change));
    // Exposure is 310 s, RPA 9 s.
    expect(
      margin((record) => {
        record.contract.rpoMs = 400_000;
      }),
    ).toBe(22.5);
    expect(
      margin((record) => {
        record.contract.schedule = 'continuous';
        record.contract.rpoMs = 10_000;
      }),
    ).toBe(10);
    expect(
      margin((record) => {
        record.contract.freshness = { belowMs: 320_000, criticalMs: 620_000 };
      }),
    ).toBe(50);
  });

  it('is negative where an objective is missed', () => {
    const record = metRecord((each) => {
      each.contract.rpoMs = 155_000;
    });
    expect(judge(record)).toMatchObject({ verdict: 'breached', marginPercent: -100 });
  });

  it('B14: is not known where a part of it is not', () => {
    const margin = (change: (record: DrillRecord) => void) => marginOf(metRecord(change));
    expect(margin((record) => phases(record))).toBeNull();
    expect(
      margin((record) => {
        record.moments.cutOff = null;
      }),
    ).toBeNull();
    expect(
      margin((record) => {
        record.moments.durable = null;
      }),
    ).toBeNull();
    expect(
      margin((record) => {
        record.contract.schedule = 'continuous';
        record.contract.freshness = { belowMs: 1, criticalMs: 2 };
        record.moments.disasterBegan = null;
      }),
    ).toBeNull();
  });

  it('is not known of an RPO of nothing where something may be lost, and that of the RTO where nothing may', () => {
    const nothing = (change: (record: DrillRecord) => void) =>
      marginOf(
        metRecord((record) => {
          record.contract.rpoMs = 0;
          record.contract.schedule = 'continuous';
          change(record);
        }),
      );
    expect(nothing(() => undefined)).toBeNull();
    expect(
      nothing((record) => {
        record.markers = record.markers.slice(0, 1);
      }),
    ).toBe(83.3);
  });
});
