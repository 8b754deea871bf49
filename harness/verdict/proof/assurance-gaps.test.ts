import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../../model/record.ts';
import { type Change, expectedIn, expectGap, the } from '../testing/expect-gap.ts';
import { assuringRecord } from '../testing/met-records.ts';
import { assuranceGaps } from './gaps.ts';

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
      /no check of the original is said to have failed, but this one did: reads: 0 of 20 failed/,
    ],
    [
      'R11: one of several looks is missing',
      (record) => {
        record.assurances = the(record.assurances).toSpliced(1, 1);
      },
      'untouched',
      /missing from the record: the check "the bystander"/,
    ],
    [
      'R11: an observation is missing',
      (record) => {
        assurance(record, 0).observed = assurance(record, 0).observed.slice(1);
      },
      'untouched',
      /2 checks of the original are counted, but 1 were made/,
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
      /13 checks of the bystander are counted, but 12 were made/,
    ],
    [
      'R11: more checks are counted than were listed and left out',
      (record) => {
        assurance(record, 2).checked = 26;
      },
      'untouched',
      /26 checks of the dashboards are counted, but 25 were made/,
    ],
    [
      'R11: what was looked at for another promise was not announced',
      (record) => {
        assurance(record, 2).what = 'something else';
      },
      'acceptance',
      /missing from the record: the check "the dashboards"/,
    ],
  ])('%s', (_, change, finding, said) => expectGap(assuringRecord, change, finding, said));

  const gapsOf = (record: DrillRecord) => [...assuranceGaps('untouched', record, expectedIn(record))];

  it('R11: nothing was looked at', () => {
    const record = assuringRecord((each) => {
      delete each.assurances;
    });
    expect(gapsOf(record)).toEqual([
      'A part of the proof is missing from the record: the check "the original".',
      expect.stringContaining('it holds 0 entries for the check, in another order or number than the 2 announced'),
    ]);
  });

  const withAttempts = (failed: number, held: boolean) =>
    assuringRecord((each) => {
      const attempts = { made: 20, failed, late: failed, budgetMs: 2_000, slowAnswerMs: 100, lateAttempts: [] };
      assurance(each, 0).failed = held ? 0 : 1;
      Object.assign(the(assurance(each, 0).observed[1]), { held, attempts });
    });

  it('attempts failed, and the check is said to have held', () => {
    expect(gapsOf(withAttempts(1, true))).toEqual([
      'The record contradicts itself: reads of the original is said to have held, but attempts failed: 0 of 20 failed.',
    ]);
    expect(gapsOf(withAttempts(0, true))).toEqual([]);
    expect(gapsOf(withAttempts(1, false))).toEqual([]);
  });

  it('a check that failed, and is counted so, is no gap', () => {
    const record = assuringRecord((each) => {
      assurance(each, 0).failed = 1;
      the(assurance(each, 0).observed[1]).held = false;
    });
    expect(gapsOf(record)).toEqual([]);
  });
});
