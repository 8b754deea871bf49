import { describe, expect, it } from 'vitest';
import { judge } from '../judge.ts';
import { type Change, expectedIn, expectGap, laneIn, moving, without } from '../testing/expect-gap.ts';
import { metRecord, mirroredRecord } from '../testing/met-records.ts';
import { lossGaps } from './loss-gaps.ts';
import { demandProof } from './proof.ts';

describe('loss', () => {
  it.each<[string, Change, RegExp]>([
    [
      'R06: a lane of markers is missing',
      (record) => {
        record.markers = record.markers.slice(0, 1);
      },
      /missing from the record: the lane "payments"/,
    ],
    [
      'R07: fewer markers were read than are said to have survived',
      (record) => {
        laneIn(record).restored = 39;
      },
      /in orders, 39 different markers were read, and 40 acknowledged ones/,
    ],
    [
      'R07: more markers were read than can have survived',
      (record) => {
        laneIn(record).restored = 42;
      },
      /in orders, 42 different markers were read, and 40 acknowledged ones/,
    ],
    [
      'R07: more markers were lost than were acknowledged',
      (record) => {
        laneIn(record, 1).lost = 41;
      },
      /in payments, 41 of 40 acknowledged markers were lost/,
    ],
    [
      'R07: more markers were acknowledged before the capture than at all',
      (record) => {
        laneIn(record).acknowledgedBeforeCapture = 41;
      },
      /in orders, 41 of 40 markers were acknowledged before the capture/,
    ],
    [
      'R07: a first lost marker is named, and none was lost',
      (record) => {
        laneIn(record).firstLostSequence = 7;
      },
      /in orders, 0 markers were lost, the first of them number 7/,
    ],
    [
      'R07: markers were lost, and no first one is named',
      (record) => {
        laneIn(record, 1).firstLostSequence = null;
      },
      /in payments, 10 markers were lost, the first of them number null/,
    ],
    [
      'R07: the first lost marker has no number that a marker has',
      (record) => {
        laneIn(record, 1).firstLostSequence = 0;
      },
      /in payments, 10 markers were lost, the first of them number 0/,
    ],
    [
      'R07: a first marker from before the capture is named, and none was lost',
      (record) => {
        laneIn(record, 1).firstLostBeforeCapture = 7;
      },
      /in payments, 0 markers from before the capture were lost, the first of them number 7/,
    ],
    [
      'R07: nothing says when the first marker was acknowledged',
      (record) => {
        laneIn(record).firstAcknowledgedMs = null;
      },
      /in orders, nothing says when markers were acknowledged/,
    ],
    [
      'R07: nothing says when the last marker was acknowledged',
      (record) => {
        laneIn(record).lastAcknowledgedMs = null;
      },
      /in orders, nothing says when markers were acknowledged/,
    ],
    [
      'R07: the first marker was acknowledged after the last one',
      (record) => {
        laneIn(record).firstAcknowledgedMs = 49_001;
      },
      /in orders, the first marker was acknowledged after the last one/,
    ],
    [
      'R08: a loss is timed, and nothing was lost',
      (record) => {
        laneIn(record).lastBeforeLossMs = 20_000;
      },
      /in orders, nothing was lost, and a loss is timed/,
    ],
    [
      'R08: the last marker before the loss came after the cut-off',
      (record) => {
        laneIn(record, 1).lastBeforeLossMs = 50_001;
      },
      /in payments, the last marker before the loss was acknowledged when none was written/,
    ],
    [
      'R08: the last marker before the loss came before all markers',
      (record) => {
        laneIn(record, 1).lastBeforeLossMs = 10_999;
      },
      /in payments, the last marker before the loss was acknowledged when none was written/,
    ],
    [
      'R08: no marker from before the loss is known',
      (record) => {
        laneIn(record, 1).lastBeforeLossMs = null;
      },
      /more than 39 s of writes\. How much more is not known/,
    ],
    [
      'a marker was acknowledged before any was written',
      (record) => {
        laneIn(record).firstAcknowledgedMs = 9_999;
      },
      /in orders, a marker was acknowledged before any was written/,
    ],
    [
      'no marker was acknowledged before the capture, although some are counted',
      (record) => {
        laneIn(record).firstAcknowledgedMs = 20_000;
      },
      /in orders, no marker was acknowledged before the capture, although some are counted/,
    ],
    [
      'no marker was acknowledged after the backup',
      (record) => {
        laneIn(record).lastAcknowledgedMs = 29_999;
      },
      /in orders, no marker was acknowledged after the backup/,
    ],
    [
      'R02: the users are cut off later than the last marker',
      moving('cutOff', 51_002),
      /the users are cut off at another moment than that of the last acknowledged marker/,
    ],
    [
      'R02: a marker was acknowledged after the users were cut off',
      (record) => {
        laneIn(record).lastAcknowledgedMs = 50_002;
      },
      /the users are cut off at another moment/,
    ],
  ])('%s', (_, change, said) => expectGap(metRecord, change, 'rpo', said));

  it.each(['seeded', 'writerBegan', 'goneProved'] as const)('R02: nothing says when it %s', (name) =>
    expectGap(metRecord, without(name), 'rpo', new RegExp(`missing from the record: the moment "${name}"`)),
  );

  it.each([
    ['seeded', -1, 'lies before "began"'],
    ['writerBegan', 9_999, 'lies before "seeded"'],
    ['captureBegan', 9_999, 'lies before "writerBegan"'],
    ['durable', 19_999, 'lies before "captureBegan"'],
    ['disasterBegan', 29_999, 'lies before "durable"'],
    ['cutOff', 49_000, 'lies before "disasterBegan"'],
    ['goneProved', 49_999, 'lies before "cutOff"'],
  ] as const)('R02: the moment %s at %i ms %s', (name, toMs, said) => {
    const { findings } = judge(metRecord(moving(name, toMs)));
    expect(findings.find((finding) => finding.name === 'rpo')).toMatchObject({
      verdict: 'unproven',
      sentence: `The record contradicts itself: the moment "${name}" ${said}.`,
    });
  });

  it('the cut-off may be the beginning of the disaster, or a later acknowledgement, to the millisecond', () => {
    const later = metRecord((record) => {
      laneIn(record).lastAcknowledgedMs = 51_000;
      moving('cutOff', 51_001)(record);
    });
    expect(judge(later).verdict).toBe('met');
  });

  it.each<[string, Change]>([
    [
      'the first marker when the writer began',
      (record) => {
        laneIn(record).firstAcknowledgedMs = 10_000;
      },
    ],
    [
      'the last marker when the backup was durable',
      (record) => {
        laneIn(record).lastAcknowledgedMs = 30_000;
      },
    ],
  ])('%s may have been acknowledged', (_, change) => {
    expect(judge(metRecord(change)).verdict).toBe('met');
  });

  it('of a lane without a marker from before the capture, the loss is proved and the content is not', () => {
    const { findings } = judge(
      metRecord((record) => {
        Object.assign(laneIn(record), { acknowledgedBeforeCapture: 0, firstAcknowledgedMs: 20_000 });
      }),
    );
    const verdictOf = (name: string) => findings.find((finding) => finding.name === name)?.verdict;
    expect([verdictOf('rpo'), verdictOf('content')]).toEqual(['met', 'unproven']);
  });

  it.each<[string, Change, RegExp]>([
    [
      'R07: nothing says what the mirror had acknowledged',
      (record) => {
        delete laneIn(record).lostFromReplica;
      },
      /in orders, nothing says what the mirror had acknowledged/,
    ],
    [
      'R07: nothing says which marker of the mirror was lost first',
      (record) => {
        delete laneIn(record).firstLostFromReplica;
      },
      /in orders, nothing says what the mirror had acknowledged/,
    ],
    [
      'R07: nothing says how far the mirror had come',
      (record) => {
        delete laneIn(record).heldThrough;
      },
      /in orders, nothing says what the mirror had acknowledged/,
    ],
    [
      'R07: a first marker of the mirror is named, and it lost none',
      (record) => {
        laneIn(record, 1).firstLostFromReplica = 31;
      },
      /in payments, 0 markers were lost although the mirror had them, the first of them number 31/,
    ],
    [
      'R07: a marker was lost that the mirror had',
      (record) => {
        laneIn(record, 1).heldThrough = 31;
      },
      /in payments, marker 31 was lost, although the mirror had all up to 31/,
    ],
  ])('%s', (_, change, said) => expectGap(mirroredRecord, change, 'rpo', said));

  it.each<[string, Change, string, RegExp]>([
    [
      'R07: more markers from before the capture were lost than at all',
      (record) => {
        Object.assign(laneIn(record), { lostBeforeCapture: 1, firstLostBeforeCapture: 3 });
      },
      'rpo',
      /in orders, 1 of 0 lost markers were acknowledged before the capture/,
    ],
    [
      'R07: more markers from before the capture were lost than were acknowledged then',
      (record) => {
        Object.assign(laneIn(record, 1), {
          lostBeforeCapture: 10,
          firstLostBeforeCapture: 3,
          acknowledgedBeforeCapture: 9,
        });
      },
      'rpo',
      /in payments, 10 of 10 lost markers were acknowledged before the capture/,
    ],
    [
      'R01: there is no fingerprint',
      (record) => {
        record.fingerprint = null;
      },
      'content',
      /missing from the record: the fingerprint/,
    ],
    [
      'R01: there is no comparison',
      (record) => {
        record.comparison = null;
      },
      'content',
      /missing from the record: the comparison/,
    ],
    [
      'R10: there are no looks at the mirror',
      (record) => {
        delete record.replication;
        record.contract.schedule = 'mirror';
        expectedIn(record).replicaLooks = 50;
      },
      'exposure',
      /missing from the record: the measurements of the mirror/,
    ],
    [
      'R05: the flag says that an identity is new, and its values do not differ',
      (record) => {
        record.provenance = record.provenance.with(0, {
          what: 'creation time',
          before: 'before',
          after: 'before',
          isNew: true,
        });
      },
      'destruction',
      /creation time was before and is before, and is called new/,
    ],
  ])('%s, whatever else is found', (_, change, name, said) => {
    const good = { name: name as 'rpo', verdict: 'met' as const, sentence: '' };
    expect(demandProof(good, metRecord(change), [])).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(name === 'content' ? /./ : said),
    });
    if (name !== 'content') return;
    const findings = judge(metRecord()).findings;
    expect(demandProof(good, metRecord(change), findings).sentence).toMatch(said);
  });

  it.each<[string, Change, RegExp | undefined]>([
    [
      'more of them than of all markers',
      (record) => {
        Object.assign(laneIn(record, 1), { lostFromReplica: 11, firstLostFromReplica: 20 });
      },
      /in payments, 11 markers were lost although the mirror had them, the first of them number 20/,
    ],
    [
      'without a first one',
      (record) => {
        Object.assign(laneIn(record, 1), { lostFromReplica: 1 });
      },
      /in payments, 1 marker was lost although the mirror had it, the first of them number null/,
    ],
    [
      'as many as of all markers',
      (record) => {
        Object.assign(laneIn(record, 1), { lostFromReplica: 10, firstLostFromReplica: 31, heldThrough: 40 });
      },
      undefined,
    ],
  ])('R07: markers were lost that the mirror had, %s', (_, change, said) => {
    const record = mirroredRecord(change);
    const [gap] = lossGaps(record, expectedIn(record));
    if (said === undefined) expect(gap).toBeUndefined();
    else expect(gap).toMatch(said);
  });

  it('R07: more markers of the mirror were lost than at all: a breach, and no better', () => {
    const record = mirroredRecord((each) => {
      laneIn(each).lostFromReplica = 1;
    });
    expect(judge(record).verdict).toBe('breached');
  });
});
