import { describe, expect, it } from 'vitest';
import { type Change, expectedIn, expectGap, the } from '../testing/expect-gap.ts';
import { metRecord } from '../testing/met-records.ts';
import { destructionGaps } from './gaps.ts';

describe('destruction', () => {
  it.each<[string, Change, RegExp]>([
    [
      'R06: one of several reads is missing',
      (record) => {
        record.absence = record.absence.slice(0, 1);
      },
      /missing from the record: the read that shows the asset gone "read by a user"/,
    ],
    [
      'R06: a read was not announced',
      (record) => {
        expectedIn(record).absence = expectedIn(record).absence.slice(1);
      },
      /it holds the read that shows the asset gone "read the store", which was not announced/,
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
      /before the disaster, store id was A, but it is compared with C/,
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
      /missing from the record: what was observed by the read that shows the asset gone "read by a user"/,
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

  it('R05: an identity is compared that was not announced', () => {
    const record = metRecord((each) => {
      expectedIn(each).identities.pop();
    });
    expect([...destructionGaps(record, expectedIn(record))]).toContain(
      'The record contradicts itself: before the disaster, store id was undefined, but it is compared with A.',
    );
  });
});
