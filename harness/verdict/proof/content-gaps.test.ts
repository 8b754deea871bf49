import { describe, expect, it } from 'vitest';
import type { DrillRecord, Finding, Verdict } from '../../model/record.ts';
import { judge } from '../judge.ts';
import { type Change, expectedIn, expectGap, moving, phaseIn, stageIn, the } from '../testing/expect-gap.ts';
import { metRecord } from '../testing/met-records.ts';
import { courseGaps } from './gaps.ts';

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
      /it holds 12 entries for the stage, in another order or number than the 12 announced/,
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

  describe('a stage that was not completed', () => {
    const lacksRestore = 'A part of the proof is missing from the record: that the stage "restore" was completed.';
    const rto = (verdict: Verdict): Finding => ({ name: 'rto', verdict, sentence: '' });
    const content: Finding = { name: 'content', verdict: 'unproven', sentence: '' };
    const gapsOf = (findings: readonly Finding[], unfinished: string) => {
      const record = metRecord((each) => {
        stageIn(each, 'restore').outcome = 'failed';
        phaseIn(each, unfinished).outcome = 'timed-out';
      });
      return [...courseGaps(record, expectedIn(record), findings)].filter((gap) => gap.includes('was completed'));
    };

    it.each<[string, Finding[], string]>([
      ['the recovery time is proved', [rto('met')], 'restore'],
      ['another finding is proved', [rto('unproven'), { ...content, verdict: 'met' }], 'service-check'],
      ['its phase was completed', [rto('unproven')], 'service-check'],
      ['the recovery time is proved, and another finding is not', [rto('breached'), content], 'restore'],
    ])('R12: is a gap where %s', (_, findings, unfinished) => {
      expect(gapsOf(findings, unfinished)).toEqual([lacksRestore]);
    });

    it.each<[string, Finding[]]>([
      ['the recovery time is not proved', [rto('unproven')]],
      ['nothing else is proved either', [content, rto('unproven')]],
      ['another finding is proved', [{ ...content, verdict: 'met' }, rto('unproven')]],
    ])('R12: is explained by the recovery time where its phase was not completed and %s', (_, findings) => {
      expect(gapsOf(findings, 'restore')).toEqual([]);
    });
  });

  it.each([
    ['to the millisecond', 19_000],
    ['and a rounding error longer', 19_001],
  ])('R12: the stages may take as long as the drill, %s', (_, durationMs) => {
    const change: Change = (record) => {
      stageIn(record, 'open').durationMs = durationMs;
    };
    expect(judge(metRecord(change)).verdict).toBe('met');
  });

  it('R12: the drill lasts from its beginning, whatever the clock showed then', () => {
    const change: Change = (record) => {
      moving('began', 1_000)(record);
      stageIn(record, 'open').durationMs = 19_000;
    };
    expectGap(metRecord, change, 'content', /the stages took 90000 ms, and the whole drill 89000 ms/);
  });

  it('the proof of what was not announced and is zero is not asked for', () => {
    const record = metRecord((each) => {
      const none = { expected: 0, restored: 0, matched: 0, missing: 0, extra: 0, differing: 0 };
      items(each).push({ kind: 'delete markers', ...none });
      expectedIn(each).items.push({ kind: 'delete markers', items: 0 });
    });
    expect(judge(record).verdict).toBe('met');
  });
});
