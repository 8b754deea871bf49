import { describe, expect, it } from 'vitest';
import { type DrillRecord, drillRecordSchema } from '../model/record.ts';
import type { Schedule } from '../model/schedule.ts';
import { judge } from './judge.ts';
import { type Change, expectedIn, expectGap, laneIn, moving, the } from './testing/expect-gap.ts';
import { metRecord } from './testing/met-records.ts';
import { noDataRecord, withoutData } from './testing/no-data-records.ts';

const namesIn = (record: DrillRecord) => judge(record).findings.map(({ name }) => name);

describe("rpo: 'none'", () => {
  it('judges neither loss nor exposure, whatever was lost after the backup and however rare backups are', () => {
    const judgement = judge(noDataRecord());
    expect(judgement).toMatchObject({ verdict: 'met', rpa: null, exposureMs: null });
    expect(judgement.findings.map(({ name }) => name)).toEqual(['destruction', 'content', 'rto']);
  });

  it('would be breached where the same drill promised an RPO', () => {
    const promised = noDataRecord((record) => {
      record.contract.rpoMs = 3_600_000;
      expectedIn(record).findings = ['destruction', 'content', 'rpo', 'exposure', 'rto'];
    });
    expect(judge(promised)).toMatchObject({ verdict: 'breached', cause: 'exposure-above-rpo' });
  });

  it('says so in the finding that tells what came back', () => {
    const content = judge(noDataRecord()).findings.find(({ name }) => name === 'content');
    expect(content?.sentence).toMatch(/keeps no data, so loss and exposure are not judged\.$/);
    expect(JSON.stringify(judge(metRecord()))).not.toContain('keeps no data');
  });

  it('takes the margin from the RTO alone', () => {
    // RTA is 150 s of 900 s.
    expect(judge(noDataRecord()).marginPercent).toBe(83.3);
    // The exposure of an unreadable schedule is unknown, but it is not needed here.
    const schedule = { cron: 'unknown', timeZone: 'UTC' };
    const unread = noDataRecord((record) => {
      record.contract.schedule = schedule;
    });
    expect(judge(unread)).toMatchObject({ verdict: 'met', marginPercent: 83.3 });
  });

  it('knows no margin where the recovery time is not known', () => {
    const untimed = noDataRecord((record) => {
      record.phases = [];
    });
    expect(judge(untimed).marginPercent).toBeNull();
  });

  it('can be recorded, and is read back as it was', () => {
    const record = noDataRecord();
    expect(drillRecordSchema.parse(JSON.parse(JSON.stringify(record))).contract.rpoMs).toBeNull();
  });

  it.each<[string, Change, string]>([
    [
      'a marker from before the backup is lost',
      (record) => {
        const lane = laneIn(record);
        Object.assign(lane, { lost: 11, restored: 29, lostBeforeCapture: 1, firstLostBeforeCapture: 10 });
      },
      'content-missing',
    ],
    [
      'an item is missing',
      (record) => {
        const [item] = the(record.comparison).items;
        Object.assign(the(item), { missing: 1, matched: the(item).matched - 1, restored: the(item).restored - 1 });
      },
      'content-missing',
    ],
    [
      'a marker comes back altered',
      (record) => {
        laneIn(record).altered = 1;
      },
      'content-altered',
    ],
    [
      'a marker comes back twice',
      (record) => {
        laneIn(record).duplicated = 1;
      },
      'content-duplicated',
    ],
    [
      'a marker comes back that the drill never wrote',
      (record) => {
        laneIn(record).unknown = 1;
      },
      'foreign-content',
    ],
    [
      'it came back too late',
      (record) => {
        record.contract.rtoMs = 60_000;
      },
      'rto-exceeded',
    ],
  ])('is breached where %s', (_, change, cause) => {
    expect(judge(noDataRecord(change))).toMatchObject({ verdict: 'breached', cause });
  });

  it.each<[string, Change, RegExp]>([
    [
      'a lane of markers is missing',
      (record) => {
        record.markers = record.markers.slice(1);
      },
      /the lane/,
    ],
    [
      'the figures of a lane do not add up',
      (record) => {
        laneIn(record).restored = 5;
      },
      /different markers were read/,
    ],
    [
      'no marker was written after the backup',
      (record) => {
        Object.assign(laneIn(record), { lastAcknowledgedMs: 29_000, lastBeforeLossMs: 28_000 });
      },
      /no marker was acknowledged after the backup/,
    ],
    ['the backup ended after the disaster', moving('durable', 51_000), /contradicts itself/],
    [
      'the record announces a finding about loss',
      (record) => {
        expectedIn(record).findings = ['destruction', 'content', 'rpo', 'rto'];
      },
      /the finding "rpo"/,
    ],
    [
      'the record announces a finding about exposure',
      (record) => {
        expectedIn(record).findings = ['destruction', 'content', 'exposure', 'rto'];
      },
      /the finding "exposure"/,
    ],
    [
      'the record holds an age of the newest recovery point that nobody announced',
      (record) => {
        record.contract.freshness = { belowMs: 400 * 86_400_000, criticalMs: 500 * 86_400_000 };
      },
      /the finding "freshness"/,
    ],
  ])('is unproven where %s', (_, change, said) => expectGap(noDataRecord, change, 'content', said));

  it.each<[string, Partial<Schedule>, string]>([
    ['is rejected', { cron: '0 2 * * 7' }, 'schedule-rejected'],
    ['never fires', { cron: '0 0 30 2 *' }, 'schedule-never-fires'],
    ['is paused', { idle: { reason: 'it is paused', cause: 'schedule-paused' } }, 'schedule-paused'],
    ['deletes its backup before the next one is there', { keptMs: 60_000 }, 'no-recovery-point-at-times'],
  ])('is breached where the schedule of the platform %s, because nothing is there to restore', (_, changed, cause) => {
    const held = { cron: '0 3 * * *', timeZone: 'UTC', heldBy: 'Schedule nightly in velero', ...changed };
    const record = noDataRecord((each) => {
      each.contract.schedule = held;
    });
    expect(judge(record)).toMatchObject({ verdict: 'breached', cause });
    expect(namesIn(record)).toEqual(['destruction', 'content', 'rto']);
  });

  it('does not excuse a contract that promises an RPO from its findings', () => {
    const forged = metRecord((record) => {
      withoutData(record);
      record.contract.rpoMs = 7_200_000;
    });
    expect(judge(forged)).toMatchObject({ verdict: 'unproven', cause: 'proof-missing' });
  });

  it.each([
    ['backup', 'breached'],
    ['restore', 'breached'],
  ])('has no findings about loss where the %s failed either', (stage, verdict) => {
    const failed = noDataRecord((record) => {
      record.failure = { stage, blame: 'procedure', messages: ['it failed'], aborted: false };
    });
    expect(judge(failed).verdict).toBe(verdict);
    expect(namesIn(failed)).not.toContain('rpo');
    expect(namesIn(failed)).not.toContain('exposure');
  });
});
