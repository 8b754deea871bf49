import { describe, expect, it } from 'vitest';
import { judge } from '../judge.ts';
import { the } from '../testing/expect-gap.ts';
import { assuringRecord, metRecord, mirroredRecord } from '../testing/met-records.ts';

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
