import { describe, expect, test } from 'vitest';
import { madeUpDrill } from '../reporting/made-up-records.ts';
import { causesOf } from './content-causes.ts';

const counts = (kind: string, expected: number, restored: number) => ({
  kind,
  expected,
  restored,
  matched: restored,
  missing: expected - restored,
  extra: 0,
  differing: 0,
});
const point = {
  id: 'p',
  location: 's3://b/p',
  objects: 1,
  digest: 'd',
  encryption: 'e',
  immutability: 'i',
  claimed: '',
};
const drill = (sizeBytes: number, restored: number, warnings: string[] = []) => ({
  ...madeUpDrill(),
  recoveryPoint: { ...point, sizeBytes },
  seeded: { items: 50, bytes: 10_240, parts: [] },
  restore: { claimed: [...warnings, 'Restore Complete'].join('\n'), warnings, commands: [] },
  comparison: {
    items: [counts('stream configurations', 1, 1), counts('messages', 50, restored)],
    firstDifferences: [],
    notVerified: [],
  },
});

describe('why content is missing', () => {
  test('a recovery point far smaller than the data, and configurations alone came back: metadata only', () => {
    expect(causesOf(drill(1_024, 0))).toEqual([
      'None of 50 messages came back, but stream configurations did: with its 1.0 KiB for 10.0 KiB of data, the recovery point holds metadata only.',
    ]);
  });

  test('one that is large enough may hold them: nothing is said of it', () => {
    expect(causesOf(drill(9_000, 0))).toEqual(['None of 50 messages came back, but stream configurations did.']);
  });

  test('what the restore warned of, while it said that it was complete, goes first', () => {
    expect(causesOf(drill(1_024, 0, ['WARNING: stream A was not restored', 'WARNING: stream B']))).toEqual([
      'The restore said so itself and ended as if it had succeeded ("Restore Complete"): WARNING: stream A was not restored (and 1 more).',
    ]);
  });

  test('some came back: the record does not say why not all', () => {
    expect(causesOf(drill(1_024, 49))).toEqual([]);
  });
});
