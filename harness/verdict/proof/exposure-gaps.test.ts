import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../../model/record.ts';
import { judge } from '../judge.ts';
import { type Change, expectedIn, expectGap, laneIn, the } from '../testing/expect-gap.ts';
import { metRecord, mirroredRecord } from '../testing/met-records.ts';
import { exposureGaps } from './loss-gaps.ts';

describe('exposure', () => {
  const copied =
    (change: Change) =>
    (also: Change = () => undefined) =>
      metRecord((record) => {
        const copiedOn = { cron: '*/10 * * * *', timeZone: 'UTC' };
        the(record.recoveryPoint).copiedOn = copiedOn;
        expectedIn(record).copiedOn = { ...copiedOn };
        change(record);
        also(record);
      });
  it.each<[string, Change]>([
    [
      'the second schedule is not counted',
      (record) => {
        delete the(record.recoveryPoint).copiedOn;
      },
    ],
    [
      'another second schedule is counted',
      (record) => {
        the(the(record.recoveryPoint).copiedOn).cron = '*/5 * * * *';
      },
    ],
    [
      'the second schedule is counted in another time zone',
      (record) => {
        the(the(record.recoveryPoint).copiedOn).timeZone = 'Europe/Berlin';
      },
    ],
  ])('%s', (_, change) => {
    expectGap(
      copied(() => undefined),
      change,
      'exposure',
      /by "\*\/10 \* \* \* \*" \(UTC\), but .* is counted/,
    );
  });

  it('a second schedule counts that was not announced', () => {
    const change: Change = (record) => {
      the(record.recoveryPoint).copiedOn = { cron: '*/10 * * * *', timeZone: 'UTC' };
    };
    expectGap(metRecord, change, 'exposure', /by no second schedule, but "\*\/10 \* \* \* \*" \(UTC\) is counted/);
  });

  const lag = (record: DrillRecord) => the(the(record.replication).lanes[1]);
  it.each<[string, Change, RegExp]>([
    [
      'R10: a mirrored lane is missing',
      (record) => {
        the(record.replication).lanes.pop();
      },
      /missing from the record: the mirrored lane "payments"/,
    ],
    [
      'R10: the mirror was looked at less often than announced',
      (record) => {
        the(record.replication).looks = 49;
      },
      /missing from the record: 50 measurements of the mirror; there were 49/,
    ],
    [
      'R10: nothing says how far the mirror was behind at the disaster, in time',
      (record) => {
        lag(record).atDisasterMs = null;
      },
      /missing from the record: the lag of payments at the disaster/,
    ],
    [
      'R10: nothing says how far the mirror was behind at the disaster, in messages',
      (record) => {
        lag(record).atDisasterPositions = null;
      },
      /missing from the record: the lag of payments at the disaster/,
    ],
    [
      'R10: the lag at the disaster is larger than the worst one, in time',
      (record) => {
        lag(record).atDisasterMs = 9_001;
      },
      /the lag of payments at the disaster is larger than the worst one/,
    ],
    [
      'R10: the lag at the disaster is larger than the worst one, in messages',
      (record) => {
        lag(record).atDisasterPositions = 13;
      },
      /the lag of payments at the disaster is larger than the worst one/,
    ],
    [
      'R10: the markers are compared with another state of the mirror',
      (record) => {
        lag(record).heldThrough = 29;
      },
      /the mirror of payments had markers up to 29, and they are compared up to 30/,
    ],
    [
      'R10: no looks at the mirror were announced',
      (record) => {
        delete expectedIn(record).replicaLooks;
      },
      /measurements of a mirror are announced although there is no mirror, or the reverse/,
    ],
  ])('%s', (_, change, said) => expectGap(mirroredRecord, change, 'exposure', said));

  it('looks at a mirror are announced where there is a schedule', () => {
    const change: Change = (record) => {
      expectedIn(record).replicaLooks = 50;
    };
    expectGap(metRecord, change, 'exposure', /although there is no mirror, or the reverse/);
  });

  it.each<[string, Change]>([
    [
      'the lanes of the mirror come in another order',
      (record) => {
        the(record.replication).lanes.reverse();
      },
    ],
    [
      'the lanes were announced in another order',
      (record) => {
        the(record.replication).lanes.reverse();
        expectedIn(record).lanes.reverse();
        record.markers.reverse();
        the(record.failBack).markers.reverse();
      },
    ],
    [
      'the mirror was looked at as often as announced',
      (record) => {
        the(record.replication).looks = 50;
      },
    ],
    [
      'the lag was at its worst at the disaster',
      (record) => {
        Object.assign(lag(record), { atDisasterMs: 9_000, atDisasterPositions: 12 });
      },
    ],
    [
      'each lane of the mirror held another number of markers',
      (record) => {
        lag(record).heldThrough = 29;
        laneIn(record, 1).heldThrough = 29;
      },
    ],
  ])('is proved where %s', (_, change) => {
    expect(judge(mirroredRecord(change)).verdict).toBe('met');
  });

  it('R10: the mirror of a lane is recorded, and its markers are not', () => {
    const record = mirroredRecord((each) => {
      each.markers.pop();
    });
    expect([...exposureGaps(record, expectedIn(record))]).toEqual([
      'The record contradicts itself: the mirror of payments had markers up to 30, and they are compared up to undefined.',
    ]);
  });
});
