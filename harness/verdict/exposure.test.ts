import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../model/record.ts';
import { exposureOf, judgeExposure } from './exposure.ts';
import { metRecord, mirroredRecord } from './testing/met-records.ts';

const copied = { cron: '*/10 * * * *', timeZone: 'UTC' };
const changed = (change: (record: DrillRecord) => void) => metRecord(change);

describe('exposure by a schedule', () => {
  it('is its longest gap, capture and upload', () => {
    expect(exposureOf(metRecord())).toBe(310_000);
    expect(judgeExposure(metRecord())).toEqual({
      name: 'exposure',
      verdict: 'met',
      sentence:
        'Promised to lose at most 2 h; the schedule "*/5 * * * *" (UTC) with its capture and upload permits losing 5 min 10 s.',
    });
  });

  it('counts the schedule of a copy as well', () => {
    const record = changed((each) => {
      if (each.recoveryPoint !== null) each.recoveryPoint.copiedOn = copied;
      each.contract.rpoMs = 910_000;
    });
    expect(exposureOf(record)).toBe(910_000);
    expect(judgeExposure(record)).toMatchObject({
      verdict: 'at-risk',
      sentence:
        'Promised to lose at most 15 min 10 s; the schedule "*/5 * * * *" (UTC), copied on by "*/10 * * * *" (UTC), with its capture and upload permits losing 15 min 10 s, above 80 % of the objective.',
    });
  });

  it('breaks a promise that it cannot keep, however well the drill went', () => {
    const record = changed((each) => {
      each.contract.rpoMs = 300_000;
    });
    expect(judgeExposure(record)).toEqual({
      name: 'exposure',
      verdict: 'breached',
      cause: 'exposure-above-rpo',
      sentence:
        'Promised to lose at most 5 min; the schedule "*/5 * * * *" (UTC) with its capture and upload permits losing 5 min 10 s, 10 s too much. Back up more often, or promise less.',
    });
  });

  it.each(['captureBegan', 'durable'] as const)(
    'E26: says that capture and upload are not known without "%s"',
    (moment) => {
      const record = (rpoMs: number) =>
        changed((each) => {
          each.moments[moment] = null;
          each.contract.rpoMs = rpoMs;
        });
      expect(exposureOf(record(7_200_000))).toBeNull();
      expect(judgeExposure(record(300_000))).toEqual({
        name: 'exposure',
        verdict: 'unproven',
        cause: 'capture-time-unknown',
        sentence:
          'Promised to lose at most 5 min; the schedule "*/5 * * * *" (UTC) permits losing 5 min before capture and upload, above 80 % of the objective. How long those take is not known, because no backup was completed.',
      });
      expect(judgeExposure(record(299_999))).toMatchObject({ verdict: 'breached' });
    },
  );

  it('is not known of a schedule that cannot be read', () => {
    const record = changed((each) => {
      each.contract.schedule = { cron: 'at night', timeZone: 'UTC' };
    });
    expect(exposureOf(record)).toBeNull();
    expect(judgeExposure(record)).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(/^Nothing says how much may be lost: .*at night.*cannot be read/),
    });
  });
});

describe('exposure under continuous protection', () => {
  it('is nothing', () => {
    const record = changed((each) => {
      each.contract.schedule = 'continuous';
      each.contract.rpoMs = 0;
      each.moments.durable = null;
    });
    expect(exposureOf(record)).toBe(0);
    expect(judgeExposure(record)).toEqual({
      name: 'exposure',
      verdict: 'met',
      sentence: 'Every acknowledged write is its own recovery point; no schedule leaves a gap.',
    });
  });
});

describe('exposure behind a mirror', () => {
  const behind = (change: (record: DrillRecord) => void = () => undefined) => mirroredRecord(change);
  it('is the worst lag of the worst lane', () => {
    const record = behind((each) => {
      const lane = each.replication?.lanes[1];
      if (lane !== undefined) Object.assign(lane, { worstMs: 9_500, worstPositions: 20 });
    });
    expect(exposureOf(record)).toBe(9_500);
    expect(judgeExposure(record)).toEqual({
      name: 'exposure',
      verdict: 'met',
      sentence: 'Promised to lose at most 2 h; the mirror was at most 20 messages and 9.5 s behind in 60 looks.',
    });
  });

  it('counts the look at the disaster', () => {
    const record = behind((each) => {
      const lane = each.replication?.lanes[0];
      if (lane !== undefined) lane.atDisasterMs = 12_000;
      each.contract.rpoMs = 10_000;
    });
    expect(exposureOf(record)).toBe(12_000);
    expect(judgeExposure(record)).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringContaining('2 s too much'),
    });
  });

  it.each<[string, (record: DrillRecord) => void]>([
    [
      'nothing was looked at',
      (record) => {
        delete record.replication;
      },
    ],
    [
      'there were no looks',
      (record) => {
        if (record.replication !== undefined) record.replication.looks = 0;
      },
    ],
    [
      'there were no lanes',
      (record) => {
        if (record.replication !== undefined) record.replication.lanes = [];
      },
    ],
  ])('is not known where %s', (_, change) => {
    expect(exposureOf(behind(change))).toBeNull();
    expect(judgeExposure(behind(change))).toEqual({
      name: 'exposure',
      verdict: 'unproven',
      cause: 'not-looked-at',
      sentence: 'The mirror was not looked at, so nothing says how far it was behind and how much a disaster may lose.',
    });
  });
});
