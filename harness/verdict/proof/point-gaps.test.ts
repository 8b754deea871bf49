import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../../model/record.ts';
import { judge } from '../judge.ts';
import { type Change, expectedIn, expectGap, the } from '../testing/expect-gap.ts';
import { bothPointsRecord, metRecord, twoPointsRecord } from '../testing/met-records.ts';

const pointsIn = (record: DrillRecord) => the(record.recoveryPoints);
const takenIn = (record: DrillRecord, index: number) => the(pointsIn(record).taken[index]);

describe('two recovery points', () => {
  it.each<[string, Change, RegExp]>([
    [
      'none is in the record',
      (record) => {
        delete record.recoveryPoints;
      },
      /missing from the record: the recovery points of the drill/,
    ],
    [
      'none was announced',
      (record) => {
        delete expectedIn(record).points;
      },
      /missing from the record: how many recovery points were announced/,
    ],
    [
      'one of them was not taken',
      (record) => {
        pointsIn(record).taken = pointsIn(record).taken.slice(0, 1);
      },
      /2 recovery points were announced, and 1 were taken/,
    ],
    [
      'the restored one was not taken',
      (record) => {
        pointsIn(record).taken = pointsIn(record).taken.slice(1);
      },
      /2 recovery points were announced, and 1 were taken/,
    ],
    [
      'another one was restored than announced, for no reason',
      (record) => {
        expectedIn(record).points = { taken: 2, restores: 'newer' };
      },
      /the newer recovery point was to be restored, and the older one was/,
    ],
    [
      'what is judged is another one',
      (record) => {
        takenIn(record, 0).id = 'p3';
      },
      /the recovery point that is judged is not the older one/,
    ],
    [
      'what is judged was captured at another moment',
      (record) => {
        takenIn(record, 0).captureBegan.monotonicMs += 1;
      },
      /the recovery point that is judged is not the older one/,
    ],
    [
      'what is judged was durable at another moment',
      (record) => {
        takenIn(record, 0).durable.monotonicMs -= 1;
      },
      /the recovery point that is judged is not the older one/,
    ],
    [
      'what came back is compared with the content of the other one',
      (record) => {
        takenIn(record, 0).content.digest = 'sha256:other';
      },
      /compared with other content than that of the older recovery point/,
    ],
    [
      'nothing was changed between them',
      (record) => {
        pointsIn(record).changes = [];
      },
      /missing from the record: what was changed between the two recovery points/,
    ],
    [
      'both were taken of the same content',
      (record) => {
        takenIn(record, 1).content.digest = 'sha256:f';
      },
      /both recovery points were taken of the same content/,
    ],
    [
      'the newer one was begun before the older one was durable',
      (record) => {
        takenIn(record, 1).captureBegan.monotonicMs = 23_999;
      },
      /the newer recovery point was begun before the older one was durable/,
    ],
    [
      'the newer one was durable before it was begun',
      (record) => {
        takenIn(record, 1).durable.monotonicMs = 25_999;
      },
      /the newer recovery point was durable before it was begun/,
    ],
    [
      'the newer one was durable after the disaster',
      (record) => {
        takenIn(record, 1).durable.monotonicMs = 50_001;
      },
      /a recovery point was durable after the disaster/,
    ],
    [
      'the other one lies nowhere',
      (record) => {
        takenIn(record, 1).location = '';
      },
      /where the newer recovery point lies, or what it holds/,
    ],
    [
      'the other one holds nothing',
      (record) => {
        takenIn(record, 1).content.items = 0;
      },
      /where the newer recovery point lies, or what it holds/,
    ],
  ])('N04: are no proof where %s', (_, change, said) => expectGap(twoPointsRecord, change, 'content', said));

  it('N10: are no proof of the loss where nothing says when the first lost marker was acknowledged', () =>
    expectGap(
      twoPointsRecord,
      (record) => {
        for (const lane of record.markers) delete lane.firstLostMs;
      },
      'rpo',
      /nothing says when the first lost marker was acknowledged/,
    ));

  it('N10: may be restored otherwise than announced for a reason', () => {
    const record = twoPointsRecord((each) => {
      expectedIn(each).points = { taken: 2, restores: 'newer' };
      pointsIn(each).instead = 'both lie in the same place';
    });
    expect(judge(record).verdict).toBe('met');
  });

  it('N10: count losses of the older one up to the capture of the newer one', () => {
    // The last marker before the loss came 9 s before the disaster, and 15 s after the newer capture began.
    expect(judge(twoPointsRecord()).rpa).toEqual({ valueMs: 0, atLeast: false });
    const earlier = twoPointsRecord((record) => {
      for (const lane of record.markers) {
        if (lane.lost > 0) Object.assign(lane, { lastBeforeLossMs: 21_000, firstLostMs: 21_100 });
      }
    });
    expect(judge(earlier).rpa).toEqual({ valueMs: 5_000, atLeast: false });
  });
});

describe('a second restore', () => {
  const other = (record: DrillRecord) => the(pointsIn(record).otherRestored);

  it.each<[string, Change, RegExp]>([
    [
      'it was announced and not made',
      (record) => {
        delete pointsIn(record).otherRestored;
      },
      /missing from the record: the restore of the older recovery point/,
    ],
    [
      'it was made and not announced',
      (record) => {
        expectedIn(record).points = { taken: 2, restores: 'newer' };
      },
      /a second recovery point was restored, and none was announced/,
    ],
    [
      'nothing shows that the place was cleared',
      (record) => {
        other(record).cleared = [];
      },
      /that the place was empty before the older recovery point was restored/,
    ],
    [
      'something was left of the first restore',
      (record) => {
        other(record).cleared.push({ what: 'read by a user', gone: false, observed: 'it is there' });
      },
      /that the place was empty before the older recovery point was restored/,
    ],
    [
      'a lane of markers was not read',
      (record) => {
        other(record).markers.pop();
      },
      /the lane/,
    ],
    [
      'the markers of a lane do not add up',
      (record) => {
        the(other(record).markers[0]).restored += 5;
      },
      /different markers were read/,
    ],
    [
      'fewer items were compared than the point was taken of',
      (record) => {
        the(other(record).comparison).items.pop();
      },
      /the older recovery point was taken of 52 items, and 50 were compared/,
    ],
    [
      'the counts do not add up',
      (record) => {
        the(the(other(record).comparison).items[0]).restored += 1;
      },
      /were restored, and 50 are accounted for/,
    ],
    [
      'the first restore was of the older one, too',
      (record) => {
        const [older] = pointsIn(record).taken;
        pointsIn(record).taken = [the(older)];
      },
      /1 were taken/,
    ],
  ])('N10: is no proof where %s', (_, change, said) => expectGap(bothPointsRecord, change, 'content', said));

  it('N10: is no proof where nothing was compared', () =>
    expectGap(
      bothPointsRecord,
      (record) => {
        other(record).comparison = null;
      },
      'content',
      /Zero items were compared/,
    ));
});

describe('one recovery point', () => {
  const single = (change: Change = () => undefined): DrillRecord =>
    twoPointsRecord((record) => {
      expectedIn(record).points = { taken: 1, restores: 'newer' };
      const [only] = pointsIn(record).taken;
      const taken = [{ ...the(only), name: 'newer' as const }];
      record.recoveryPoints = { taken, changes: [], restored: 'newer', onlyOne: 'a mirror is one recovery point' };
      change(record);
    });

  it('N04: is no proof where nothing says why there is only one', () => {
    expectGap(
      single,
      (record) => {
        delete pointsIn(record).onlyOne;
      },
      'content',
      /missing from the record: why only one recovery point was taken/,
    );
  });

  it('is what records of earlier versions have, which announce nothing of it', () => {
    expect(judge(metRecord()).verdict).toBe('met');
  });
});
