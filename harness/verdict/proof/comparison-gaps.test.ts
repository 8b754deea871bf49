import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../model/record.ts';
import { expectedIn, the } from '../testing/expect-gap.ts';
import { metRecord } from '../testing/met-records.ts';
import { comparisonGaps } from './content-gaps.ts';

const record = metRecord();
const gapsOf = (items: Comparison['items']): string[] => [
  ...comparisonGaps({ ...the(record.comparison), items }, record.fingerprint, expectedIn(record)),
];
const consumers = { kind: 'consumers', expected: 2, restored: 2, matched: 2, missing: 0, extra: 0, differing: 0 };
// 50 expected: 44 match, 4 are missing, 2 differ. 47 restored: 44 match, 2 differ, 1 is extra.
const messages = { kind: 'messages', expected: 50, restored: 47, matched: 44, missing: 4, extra: 1, differing: 2 };

describe('the counts of a comparison', () => {
  it('agree where items are missing, differ and are too many', () => {
    expect(gapsOf([messages, consumers])).toEqual([]);
  });

  it('may name the kinds in another order', () => {
    expect(gapsOf([consumers, messages])).toEqual([]);
  });

  it('R01: lack a kind that was not compared', () => {
    expect(gapsOf([messages])[0]).toBe('A part of the proof is missing from the record: the kind of item "consumers".');
  });

  it('R01: disagree where an item is not accounted for, and the gap says how many are', () => {
    expect(gapsOf([{ ...messages, matched: 43 }, consumers])).toEqual([
      'The record contradicts itself: 50 messages were expected, and 49 are accounted for.',
      'The record contradicts itself: 47 messages were restored, and 46 are accounted for.',
    ]);
  });
});
