import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../model/record.ts';
import { judgeDestruction } from './destruction.ts';
import { metRecord } from './testing/met-records.ts';

const judged = (change: (record: DrillRecord) => void = () => undefined) => judgeDestruction(metRecord(change));

describe('destruction', () => {
  it('is met by reads that show the asset gone, and by new identities', () => {
    expect(judged()).toEqual({
      name: 'destruction',
      verdict: 'met',
      sentence: 'The disaster "wiped" was proved by 2 reads before the restore began, and 2 identities are new.',
    });
  });

  it.each<[string, (record: DrillRecord) => void, string, string]>([
    [
      'nothing was read',
      (record) => {
        record.absence = [];
      },
      'Nobody looked whether the asset was gone, so the restore proves nothing.',
      'destruction-not-proved',
    ],
    [
      'a read still shows it',
      (record) => {
        record.absence = record.absence.with(1, { what: 'read by a user', gone: false, observed: '7 values' });
      },
      'The asset was still there after the disaster "wiped" (read by a user: 7 values), so a restore would prove nothing. Look at the step that destroys it.',
      'asset-not-destroyed',
    ],
    [
      'nothing is known by an identity',
      (record) => {
        record.provenance = [];
      },
      'Nothing says whether what is there now was restored or never left.',
      'destruction-not-proved',
    ],
    [
      'an identity is the old one',
      (record) => {
        record.provenance = record.provenance.with(1, { what: 'store id', before: 'A', after: 'A', isNew: false });
      },
      'store id is the same as before the disaster (A), so what was read may never have been destroyed.',
      'identity-not-new',
    ],
  ])('is unproven where %s', (_, change, sentence, cause) => {
    expect(judged(change)).toEqual({ name: 'destruction', verdict: 'unproven', cause, sentence });
  });

  it('N02: is met by an identity that a documented recovery keeps, and says which', () => {
    const finding = judged((record) => {
      const kept = { what: 'version ids', before: 'A', after: 'A', isNew: false, keptBy: 'undeletion' };
      record.provenance = record.provenance.with(0, kept);
    });
    expect(finding.verdict).toBe('met');
    expect(finding.sentence).toContain('the others are kept by the recovery (undeletion)');
  });
});
