import { describe, expect, it } from 'vitest';
import type { DrillRecord, ExpectedProof, LaneOutcome } from '../../model/record.ts';
import { judge } from '../judge.ts';
import { assuringRecord, metRecord, mirroredRecord } from '../testing/met-records.ts';
import { demandProof } from './proof.ts';

type Change = (record: DrillRecord) => void;

const expectedIn = (record: DrillRecord): ExpectedProof => {
  if (record.expected === undefined) throw new Error('nothing was expected');
  return record.expected;
};
/** A thing that the made-up records have. */
const the = <T>(thing: T | null | undefined): T => {
  if (thing === null || thing === undefined) throw new Error('it is not there');
  return thing;
};
const laneIn = (record: DrillRecord, index = 0): LaneOutcome => the(record.markers[index]);
const phaseIn = (record: DrillRecord, name: string) => the(record.phases.find((phase) => phase.name === name));
const stageIn = (record: DrillRecord, name: string) => the(record.stages.find((stage) => stage.name === name));
const moving = (name: keyof DrillRecord['moments'], toMs: number): Change => {
  return ({ moments }) => {
    moments[name] = { ...the(moments[name]), monotonicMs: toMs };
  };
};
const without = (name: Exclude<keyof DrillRecord['moments'], 'began'>): Change => {
  return ({ moments }) => {
    moments[name] = null;
  };
};

/** The record is met, and no longer once it is changed; then the finding says what is wrong with it. */
function expectGap(made: (change?: Change) => DrillRecord, change: Change, finding: string, said: RegExp): void {
  expect(judge(made())).toMatchObject({ verdict: 'met' });
  const judgement = judge(made(change));
  expect(judgement.verdict).toBe('unproven');
  const [gap] = judgement.findings.filter(({ verdict }) => verdict === 'unproven');
  expect(gap).toMatchObject({ name: finding, sentence: expect.stringMatching(said) });
}

describe('a record that holds a whole proof', () => {
  it.each([
    ['of a backup', metRecord],
    ['with assurances', assuringRecord],
    ['of a failover', mirroredRecord],
  ])('%s is met', (_, made) => {
    const { verdict, findings } = judge(made());
    expect(verdict).toBe('met');
    expect(findings.map(({ name }) => name)).toEqual(made().expected?.findings);
    expect(findings.every((finding) => finding.verdict === 'met')).toBe(true);
  });

  it('stays breached where a part of the proof is missing besides', () => {
    const broken = metRecord((record) => {
      the(record.comparison).items[0] = { ...the(the(record.comparison).items[0]), missing: 1 };
    });
    expect(judge(broken).verdict).toBe('breached');
  });

  it('of version 1 is read and is never met, because nothing says what had to be proved', () => {
    const old = metRecord((record) => {
      record.schemaVersion = 1;
    });
    expect(judge(old)).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(/^An older version made/),
    });
    expect(judge(old).findings.every(({ verdict }) => verdict === 'unproven')).toBe(true);
  });

  it('is not met when what had to be proved is not written down', () => {
    const silent = metRecord((record) => {
      delete record.expected;
    });
    expect(judge(silent)).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(/does not say what had/),
    });
  });
});

describe('content', () => {
  const items = (record: DrillRecord) => the(record.comparison).items;
  it.each<[string, Change, RegExp]>([
    [
      'R01: fewer items match than were expected',
      (record) => {
        the(items(record)[0]).matched = 0;
      },
      /50 messages were expected, and 0 are accounted for/,
    ],
    [
      'R01: more items were expected than are accounted for',
      (record) => {
        the(items(record)[0]).expected = 51;
      },
      /the fingerprint has 50 messages, and 51 were compared/,
    ],
    [
      'R01: more items were restored than are accounted for',
      (record) => {
        the(items(record)[0]).restored = 51;
      },
      /51 messages were restored, and 50 are accounted for/,
    ],
    [
      'R01: a kind of item was not compared',
      (record) => {
        the(record.comparison).items = items(record).slice(0, 1);
      },
      /missing from the record: the kind of item "consumers"/,
    ],
    [
      'R01: a kind of item was compared that the fingerprint does not have',
      (record) => {
        expectedIn(record).items = expectedIn(record).items.slice(1);
      },
      /it holds the kind of item "messages", which was not announced/,
    ],
    [
      'R01: the fingerprint has fewer of a kind than were compared',
      (record) => {
        the(expectedIn(record).items[0]).items = 49;
      },
      /the fingerprint has 49 messages, and 50 were compared/,
    ],
    [
      'R04: there is no recovery point',
      (record) => {
        record.recoveryPoint = null;
      },
      /missing from the record: the recovery point/,
    ],
    [
      'R04: there is no restore',
      (record) => {
        record.restore = null;
      },
      /missing from the record: the restore/,
    ],
    [
      'R09: the recovery point has no bytes',
      (record) => {
        the(record.recoveryPoint).sizeBytes = 0;
      },
      /a recovery point of 3 objects and 0 bytes/,
    ],
    [
      'R09: the recovery point has no objects',
      (record) => {
        the(record.recoveryPoint).objects = 0;
      },
      /a recovery point of 0 objects and 5000 bytes/,
    ],
    [
      'R09: the recovery point has no id',
      (record) => {
        the(record.recoveryPoint).id = '';
      },
      /where the recovery point lies/,
    ],
    [
      'R09: the recovery point has no digest',
      (record) => {
        the(record.recoveryPoint).digest = '';
      },
      /where the recovery point lies, or its digest/,
    ],
    [
      'R10: the contract promises a fail-back, and none was announced',
      (record) => {
        record.contract.failsBack = true;
        expectedIn(record).findings.push('fail-back');
      },
      /do not agree on whether there is a fail-back/,
    ],
    [
      'R12: a stage took longer than the whole drill',
      (record) => {
        stageIn(record, 'open').durationMs = 19_002;
      },
      /the stages took 90002 ms, and the whole drill 90000 ms/,
    ],
    [
      'R09: the recovery point lies nowhere',
      (record) => {
        the(record.recoveryPoint).location = '';
      },
      /where the recovery point lies/,
    ],
    [
      'R09: the fingerprint has another number of items than its kinds',
      (record) => {
        the(record.fingerprint).items = 51;
      },
      /the fingerprint has 51 items, and its kinds add up to 52/,
    ],
    [
      'R09: the fingerprint has no digest',
      (record) => {
        the(record.fingerprint).digest = '';
      },
      /missing from the record: the digest of the fingerprint/,
    ],
    [
      'nothing says what was seeded',
      (record) => {
        record.seeded = null;
      },
      /missing from the record: what was seeded/,
    ],
    [
      'nothing was seeded',
      (record) => {
        the(record.seeded).items = 0;
      },
      /missing from the record: what was seeded/,
    ],
    [
      'R12: the record has no stages',
      (record) => {
        record.stages = record.stages.slice(-1);
        record.sizes = [];
        the(record.seeded).bytes = 0;
      },
      /missing from the record: the stage "open"/,
    ],
    [
      'R12: a stage was not completed',
      (record) => {
        stageIn(record, 'verify').outcome = 'failed';
      },
      /missing from the record: that the stage "verify" was completed/,
    ],
    [
      'R12: nothing says how a stage ended',
      (record) => {
        delete stageIn(record, 'verify').outcome;
      },
      /missing from the record: that the stage "verify" was completed/,
    ],
    [
      'R12: the stages went in another order',
      (record) => {
        record.stages = record.stages.toReversed();
      },
      /of the stage it holds 12 in another order or number than the 12 announced/,
    ],
    [
      'R12: the drill is not complete',
      (record) => {
        record.state = 'restored';
      },
      /it is judged in the state "restored"/,
    ],
    [
      'a finding was announced and is not there',
      (record) => {
        expectedIn(record).findings.push('freshness');
      },
      /missing from the record: the finding "freshness"/,
    ],
    [
      'a finding is there that was not announced',
      (record) => {
        record.contract.freshness = { belowMs: 90_000_000, criticalMs: 180_000_000 };
      },
      /it holds the finding "freshness", which was not announced/,
    ],
  ])('%s', (_, change, said) => expectGap(metRecord, change, 'content', said));

  it('the proof of what was not announced and is zero is not asked for', () => {
    const record = metRecord((each) => {
      const none = { expected: 0, restored: 0, matched: 0, missing: 0, extra: 0, differing: 0 };
      items(each).push({ kind: 'delete markers', ...none });
      expectedIn(each).items.push({ kind: 'delete markers', items: 0 });
    });
    expect(judge(record).verdict).toBe('met');
  });
});

describe('destruction', () => {
  it.each<[string, Change, RegExp]>([
    [
      'R06: one of several reads is missing',
      (record) => {
        record.absence = record.absence.slice(0, 1);
      },
      /missing from the record: the read of what is gone, "read by a user"/,
    ],
    [
      'R06: a read was not announced',
      (record) => {
        expectedIn(record).absence = expectedIn(record).absence.slice(1);
      },
      /it holds the read of what is gone, "read the store", which was not announced/,
    ],
    [
      'R05: an identity could not be read after the restore',
      (record) => {
        the(record.provenance[1]).after = null;
      },
      /missing from the record: store id after the restore/,
    ],
    [
      'R05: an identity is empty after the restore',
      (record) => {
        the(record.provenance[1]).after = '';
      },
      /missing from the record: store id after the restore/,
    ],
    [
      'R05: the flag says that an identity is old, and its values differ',
      (record) => {
        the(record.provenance[0]).isNew = false;
      },
      /creation time was before and is after, and is called old/,
    ],
    [
      'R05: the identity is compared with another value than it had',
      (record) => {
        the(record.provenance[1]).before = 'C';
      },
      /before the disaster, store id was A, and it is compared with C/,
    ],
    [
      'R05: an identity is missing',
      (record) => {
        record.provenance = record.provenance.slice(1);
      },
      /missing from the record: the identity "creation time"/,
    ],
    [
      'R06: a read that shows it gone observed nothing',
      (record) => {
        the(record.absence[1]).observed = '';
      },
      /missing from the record: what was observed by the read of what is gone, "read by a user"/,
    ],
    [
      'nothing says what the disaster did',
      (record) => {
        record.disaster.exercised = null;
      },
      /missing from the record: what the disaster did/,
    ],
    [
      'the disaster did nothing',
      (record) => {
        record.disaster.exercised = '';
      },
      /missing from the record: what the disaster did/,
    ],
  ])('%s', (_, change, said) => expectGap(metRecord, change, 'destruction', said));
});

describe('what the disaster assures', () => {
  const assurance = (record: DrillRecord, index: number) => the(the(record.assurances)[index]);
  it.each<[string, Change, string, RegExp]>([
    [
      'R11: the disaster no longer promises it',
      (record) => {
        delete record.disaster.assures;
        delete record.assurances;
      },
      'content',
      /missing from the record: the finding "untouched"/,
    ],
    [
      'R11: the disaster no longer promises it, and it was looked at',
      (record) => {
        delete record.disaster.assures;
      },
      'content',
      /missing from the record: the assurance "untouched"/,
    ],
    [
      'R11: an observation did not hold',
      (record) => {
        the(assurance(record, 0).observed[1]).held = false;
      },
      'untouched',
      /no check of the original is said to have failed, and this one did: reads: 0 of 20 failed/,
    ],
    [
      'R11: one of several looks is missing',
      (record) => {
        record.assurances = the(record.assurances).toSpliced(1, 1);
      },
      'untouched',
      /missing from the record: the look at "the bystander"/,
    ],
    [
      'R11: an observation is missing',
      (record) => {
        assurance(record, 0).observed = assurance(record, 0).observed.slice(1);
      },
      'untouched',
      /2 checks of the original are counted, and 1 were made/,
    ],
    [
      'R11: a check observed nothing',
      (record) => {
        the(assurance(record, 0).observed[0]).observed = '';
      },
      'untouched',
      /missing from the record: what was observed of the original/,
    ],
    [
      'R11: nothing says what was checked',
      (record) => {
        the(assurance(record, 0).observed[0]).what = '';
      },
      'untouched',
      /missing from the record: what was observed of the original/,
    ],
    [
      'R11: more checks are counted than were made',
      (record) => {
        assurance(record, 1).checked = 13;
      },
      'untouched',
      /13 checks of the bystander are counted, and 12 were made/,
    ],
    [
      'R11: more checks are counted than were listed and left out',
      (record) => {
        assurance(record, 2).checked = 26;
      },
      'untouched',
      /26 checks of the dashboards are counted, and 25 were made/,
    ],
    [
      'R11: what was looked at for another promise was not announced',
      (record) => {
        assurance(record, 2).what = 'something else';
      },
      'acceptance',
      /missing from the record: the look at "the dashboards"/,
    ],
  ])('%s', (_, change, finding, said) => expectGap(assuringRecord, change, finding, said));
});

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
      'no marker was acknowledged as early as before the capture',
      (record) => {
        laneIn(record).firstAcknowledgedMs = 20_000;
      },
      /in orders, no marker was acknowledged as early as before the capture/,
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
      /in payments, 0 markers were lost that the mirror had, the first of them number 31/,
    ],
    [
      'R07: a marker was lost that the mirror had',
      (record) => {
        laneIn(record, 1).heldThrough = 31;
      },
      /in payments, marker 31 was lost, and the mirror had all up to 31/,
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
      /missing from the record: the looks at the mirror/,
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

  it('R07: more markers of the mirror were lost than at all: a breach, and no better', () => {
    const record = mirroredRecord((each) => {
      laneIn(each).lostFromReplica = 1;
    });
    expect(judge(record).verdict).toBe('breached');
  });
});

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
      /by "\*\/10 \* \* \* \*" \(UTC\), and .* is counted/,
    );
  });

  it('a second schedule counts that was not announced', () => {
    const change: Change = (record) => {
      the(record.recoveryPoint).copiedOn = { cron: '*/10 * * * *', timeZone: 'UTC' };
    };
    expectGap(metRecord, change, 'exposure', /by no second schedule, and "\*\/10 \* \* \* \*" \(UTC\) is counted/);
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
      /missing from the record: 50 looks at the mirror; there were 49/,
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
      /looks at a mirror are announced where there is none, or the other way round/,
    ],
  ])('%s', (_, change, said) => expectGap(mirroredRecord, change, 'exposure', said));

  it('looks at a mirror are announced where there is a schedule', () => {
    const change: Change = (record) => {
      expectedIn(record).replicaLooks = 50;
    };
    expectGap(metRecord, change, 'exposure', /or the other way round/);
  });

  it('the lanes of the mirror may come in another order', () => {
    const record = mirroredRecord((each) => {
      the(each.replication).lanes.reverse();
    });
    expect(judge(record).verdict).toBe('met');
  });
});

describe('recovery', () => {
  it.each([
    'disasterBegan',
    'disasterEnded',
    'goneProved',
    'provisioned',
    'restoreBegan',
    'restoreEnded',
    'firstVerifiedRead',
    'firstVerifiedWrite',
    'serviceRestored',
    'verified',
    'ended',
  ] as const)('R02: nothing says when it %s', (name) => {
    const { verdict, findings } = judge(metRecord(without(name)));
    expect(verdict).toBe('unproven');
    expect(findings.find((finding) => finding.name === 'rto')?.verdict).toBe('unproven');
  });

  it.each([
    ['disasterEnded', 49_999, 'disasterBegan'],
    ['goneProved', 51_999, 'disasterEnded'],
    ['provisioned', 53_999, 'goneProved'],
    ['restoreBegan', 56_999, 'provisioned'],
    ['restoreEnded', 56_999, 'restoreBegan'],
    ['firstVerifiedRead', 68_999, 'restoreEnded'],
    ['firstVerifiedWrite', 70_999, 'firstVerifiedRead'],
    ['serviceRestored', 71_999, 'firstVerifiedWrite'],
    ['verified', 71_999, 'serviceRestored'],
    ['ended', 79_999, 'verified'],
  ] as const)('R02: the moment %s at %i ms lies before %s', (name, toMs, previous) => {
    const said = new RegExp(`the moment "${name}" lies before "${previous}"`);
    const finding = judge(metRecord(moving(name, toMs))).findings.find((each) => each.name === 'rto');
    expect(finding).toMatchObject({ verdict: 'unproven', sentence: expect.stringMatching(said) });
  });

  it.each<[string, Change, RegExp]>([
    [
      'R03: a phase is missing',
      (record) => {
        record.phases = record.phases.filter(({ name }) => name !== 'detection');
      },
      /missing from the record: the phase "detection"/,
    ],
    [
      'R03: a phase was not announced',
      (record) => {
        expectedIn(record).phases = expectedIn(record).phases.filter((name) => name !== 'decision');
      },
      /it holds the phase "decision", which was not announced/,
    ],
    [
      'R03: a phase is there twice',
      (record) => {
        record.phases.push({ name: 'decision', measuredMs: 0, addedMs: 40_000, outcome: 'completed' });
      },
      /of the phase it holds 6 in another order or number than the 5 announced/,
    ],
    [
      "R03: the contract's budget for detection is not added",
      (record) => {
        phaseIn(record, 'detection').addedMs = 0;
      },
      /the contract adds 90000 ms to the phase "detection", and 0 ms are added/,
    ],
    [
      'R03: the contract has no budget for detection',
      (record) => {
        record.contract.detection = null;
      },
      /the contract adds 0 ms to the phase "detection", and 90000 ms are added/,
    ],
    [
      "R03: the contract's budget for a decision is not added",
      (record) => {
        phaseIn(record, 'decision').addedMs = 39_999;
      },
      /the contract adds 40000 ms to the phase "decision", and 39999 ms are added/,
    ],
    [
      'R03: a budget is added to a phase that has none',
      (record) => {
        phaseIn(record, 'restore').addedMs = 1;
      },
      /the contract adds 0 ms to the phase "restore", and 1 ms are added/,
    ],
    [
      'R03: the service check took less time than its moments say',
      (record) => {
        phaseIn(record, 'service-check').measuredMs = 2_998;
      },
      /the phase "service-check" took another time than its moments say/,
    ],
    [
      'R03: the service check took more time than its moments say',
      (record) => {
        phaseIn(record, 'service-check').measuredMs = 3_002;
      },
      /the phase "service-check" took another time than its moments say/,
    ],
    [
      'R03: detection took less time than its moments say',
      (record) => {
        phaseIn(record, 'detection').measuredMs = 1_998;
      },
      /the phase "detection" took another time than its moments say/,
    ],
    [
      'R03: provisioning took more time than its moments say',
      (record) => {
        phaseIn(record, 'provisioning').measuredMs = 3_002;
      },
      /the phase "provisioning" took another time than its moments say/,
    ],
    [
      'R03: the restore took more time than its moments say',
      (record) => {
        phaseIn(record, 'restore').measuredMs = 12_002;
      },
      /the phase "restore" took another time than its moments say/,
    ],
    [
      'R03: the phases are shorter than the recovery',
      (record) => {
        phaseIn(record, 'restore').measuredMs = 10_999;
      },
      /the phases of the recovery add up to 18999 ms, and it lasted 20000 ms/,
    ],
    [
      'R03: the phases are longer than the recovery',
      (record) => {
        phaseIn(record, 'decision').measuredMs = 2;
      },
      /the phases of the recovery add up to 20002 ms, and it lasted 20000 ms/,
    ],
    [
      'R02: the service was restored, and every attempt of the probe failed',
      (record) => {
        record.probe.failures = 30;
      },
      /the service was restored, and 30 of 30 attempts of the probe failed/,
    ],
    [
      'R02: attempts of the probe failed, and none by any reason',
      (record) => {
        record.probe.lastFailure = null;
      },
      /12 attempts of the probe failed, the last one by "null"/,
    ],
    [
      'R02: no attempt of the probe failed, and one by a reason',
      (record) => {
        record.probe.failures = 0;
      },
      /0 attempts of the probe failed, the last one by "not found"/,
    ],
    [
      'R02: the probe failed before the disaster',
      moving('firstFailedProbe', 49_999),
      /the first failed attempt of the probe/,
    ],
    [
      'R02: the probe first failed after the proof',
      moving('firstFailedProbe', 54_001),
      /the first failed attempt of the probe/,
    ],
    [
      'nothing was seeded by its size, and a size was measured',
      (record) => {
        the(record.seeded).bytes = 0;
      },
      /the last of the measured sizes is not that of this drill/,
    ],
    [
      'the size of what was restored is not known',
      (record) => {
        record.sizes = [];
      },
      /missing from the record: the size of what was restored/,
    ],
    [
      'the size is that of another drill',
      (record) => {
        the(record.sizes[0]).sizeBytes = 4_097;
      },
      /the last of the measured sizes is not that of this drill/,
    ],
    [
      'the restore of the size is that of another drill',
      (record) => {
        the(record.sizes[0]).restoreMs = 1;
      },
      /the last of the measured sizes is not that of this drill/,
    ],
    [
      'the backup of the size is that of another drill',
      (record) => {
        the(record.sizes[0]).backupMs = 1;
      },
      /the last of the measured sizes is not that of this drill/,
    ],
    [
      'the contract no longer names the production size for which several sizes were drilled',
      (record) => {
        record.sizes = [{ sizeBytes: 1_024, restoreMs: 1, backupMs: 1 }, ...record.sizes];
      },
      /several sizes were measured, and the contract names no production size/,
    ],
  ])('%s', (_, change, said) => expectGap(metRecord, change, 'rto', said));

  it('a recovery whose phases lie up to a second apart, or overlap by a rounding error, agrees with its moments', () => {
    for (const measuredMs of [11_000, 12_001]) {
      const record = metRecord((each) => {
        phaseIn(each, 'restore').measuredMs = measuredMs;
      });
      expect(judge(record).verdict).toBe('met');
    }
  });

  it('nothing is asked about the size of an asset that is counted in items alone', () => {
    const record = metRecord((each) => {
      the(each.seeded).bytes = 0;
      each.sizes = [];
    });
    expect(judge(record).verdict).toBe('met');
  });

  it("R03: the harness's own look at the mirror is taken out of the recovery, and no more than that", () => {
    const change: Change = (record) => {
      stageIn(record, 'what the replica holds').durationMs = 2_000;
    };
    expectGap(mirroredRecord, change, 'rto', /add up to 19000 ms, and it lasted 18000 ms/);
  });
});

describe('fail-back', () => {
  const wayBack = (record: DrillRecord) => the(record.failBack);
  it.each<[string, Change, RegExp]>([
    [
      'R10: nothing says how the lost place came back',
      (record) => {
        wayBack(record).returned = null;
      },
      /missing from the record: how the lost place came back/,
    ],
    [
      'R10: the lost place came back somehow',
      (record) => {
        wayBack(record).returned = '';
      },
      /missing from the record: how the lost place came back/,
    ],
    [
      'R10: an attempt to write observed nothing',
      (record) => {
        the(wayBack(record).writesTried[0]).observed = '';
      },
      /missing from the record: what was observed of "publish"/,
    ],
    [
      'R10: a read observed nothing',
      (record) => {
        the(wayBack(record).proofs[1]).observed = '';
      },
      /missing from the record: what was observed of "the mirror"/,
    ],
    [
      'R10: markers were acknowledged before the fail-back began',
      (record) => {
        the(wayBack(record).markers[0]).firstAcknowledgedMs = 79_999;
      },
      /in orders, markers were acknowledged at another time than in the fail-back/,
    ],
    [
      'R10: markers were acknowledged after the drill',
      (record) => {
        the(wayBack(record).markers[0]).lastAcknowledgedMs = 90_001;
      },
      /in orders, markers were acknowledged at another time than in the fail-back/,
    ],
    [
      'R10: one of the reads is missing',
      (record) => {
        wayBack(record).proofs.pop();
      },
      /missing from the record: the read "the mirror"/,
    ],
    [
      'R10: one of the attempts to write is missing',
      (record) => {
        wayBack(record).writesTried.pop();
      },
      /missing from the record: the attempt to write "publish \(after it had rejoined\)"/,
    ],
    [
      'R10: a lane of markers is missing',
      (record) => {
        wayBack(record).markers.pop();
      },
      /missing from the record: the lane after the fail-back "payments"/,
    ],
    [
      'R10: the figures of a lane do not add up',
      (record) => {
        the(wayBack(record).markers[0]).restored = 39;
      },
      /in orders, 39 different markers were read, and 40/,
    ],
    [
      'R10: a kind of item was not compared',
      (record) => {
        the(wayBack(record).comparison).items.pop();
      },
      /missing from the record: the kind of item "consumers"/,
    ],
    [
      'R10: a stage is missing',
      (record) => {
        wayBack(record).stages.pop();
      },
      /missing from the record: the stage of the fail-back "verify the fail-back"/,
    ],
    [
      'R10: a stage was not completed',
      (record) => {
        const changed = { name: 'rejoin', durationMs: 1_000, outcome: 'failed' as const };
        wayBack(record).stages = wayBack(record).stages.map((stage) => (stage.name === 'rejoin' ? changed : stage));
      },
      /missing from the record: that the stage "rejoin" was completed/,
    ],
    [
      'R10: a stage took another time in the list of all stages',
      (record) => {
        record.stages = record.stages.map((stage) => (stage.name === 'rejoin' ? { ...stage, durationMs: 1 } : stage));
      },
      /the stage "rejoin" is there twice, and differs/,
    ],
    [
      'R10: a stage ended otherwise in the list of all stages',
      (record) => {
        record.stages = record.stages.map((stage) =>
          stage.name === 'rejoin' ? { ...stage, outcome: 'failed' } : stage,
        );
      },
      /the stage "rejoin" is there twice, and differs/,
    ],
    [
      'R10: a stage is missing in the list of all stages',
      (record) => {
        record.stages = record.stages.filter(({ name }) => name !== 'rejoin');
      },
      /the stage "rejoin" is there twice, and differs/,
    ],
  ])('%s', (_, change, said) => expectGap(mirroredRecord, change, 'fail-back', said));

  it('R10: nothing was announced of it', () => {
    const { findings } = judge(
      mirroredRecord((record) => {
        delete expectedIn(record).failBack;
      }),
    );
    expect(findings.find(({ name }) => name === 'fail-back')).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(/missing from the record: what the fail-back had to show/),
    });
  });
});
