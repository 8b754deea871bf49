import { describe, expect, it } from 'vitest';
import type { PostureDifference } from '../../../model/posture.ts';
import type { Answer } from './perform.ts';
import { reconcile, type Said } from './reconcile.ts';
import type { Try } from './trial-plan.ts';

const operation = { id: 's3:PutObject', action: 's3:PutObject', on: 'object' } as const;
const asked = (expected: Try['expected']): Try => ({ operation, bucket: 'b', prefix: 'p/', expected });
const given = {
  item: 'IAM user w',
  service: 'X 1',
  evaluated: [] as PostureDifference[],
  notJudged: new Set<string>(),
};
const says = (allows: boolean, ...reasons: string[]): Said => ({ allows, isUndecided: false, reasons });
const answers = (outcome: Answer['outcome']): Answer => ({ outcome, said: outcome });
const decide = (expected: Try['expected'], answer: Answer, said: Said | undefined, more: Partial<typeof given> = {}) =>
  reconcile([{ request: asked(expected), answer, said }], { ...given, ...more });

describe('a request that was tried and evaluated', () => {
  it.each(['allowed', 'refused'] as const)('is as promised where both say that it is %s', (outcome) => {
    const found = decide(outcome, answers(outcome), says(outcome === 'allowed', 'NotAction'));
    expect(found).toEqual({ differences: [], undecided: [], decidedBy: ['trying and evaluation'] });
  });

  it('differs where both say otherwise', () => {
    expect(decide('refused', answers('allowed'), says(true)).differences).toMatchObject([
      { item: 'IAM user w: s3:PutObject below b/p/', cause: 'policy-allows-too-much' },
    ]);
    const evaluated = [
      { item: 's3:PutObject on x', expected: '', found: '', nextStep: '', cause: 'policy-lacks-permission' },
    ];
    const lacks = decide('allowed', answers('refused'), says(false), { evaluated });
    expect(lacks.differences).toMatchObject([{ cause: 'policy-lacks-permission' }]);
  });

  it('is undecided where the evaluation knows other keys on which it is allowed', () => {
    const found = decide('allowed', answers('refused'), says(false));
    expect(found.differences).toEqual([]);
    expect(found.undecided).toMatchObject([{ item: 'IAM user w: s3:PutObject below b/p/' }]);
  });

  it('is decided by evaluation where a part of the documents explains the other answer', () => {
    const met = decide('allowed', answers('refused'), says(true, 'the condition on aws:SourceVpce'));
    expect(met).toMatchObject({ differences: [], undecided: [] });
    expect(met.decidedBy).toEqual(['evaluation alone (X 1 refuses it, by the condition on aws:SourceVpce)']);
    const excess = decide('refused', answers('refused'), says(true, 'the condition on aws:SourceVpce'));
    expect(excess.differences).toMatchObject([{ cause: 'policy-allows-too-much' }]);
    expect(excess.differences[0]?.found).toBe('it was allowed (by evaluation; X 1 refuses it)');
    expect(decide('refused', answers('allowed'), says(false, 'NotResource'))).toMatchObject({ differences: [] });
  });

  it('is undecided where nothing explains the other answer', () => {
    for (const [outcome, allows] of [
      ['allowed', false],
      ['refused', true],
    ] as const) {
      const found = decide('allowed', answers(outcome), says(allows));
      expect(found).toMatchObject({ differences: [], decidedBy: ['neither'] });
      expect(found.undecided).toHaveLength(1);
    }
  });

  it('is decided by evaluation where the service gives no answer about rights', () => {
    const found = decide('allowed', answers('failed'), says(true));
    expect(found).toMatchObject({ differences: [], undecided: [] });
    expect(found.decidedBy[0]).toContain('evaluation alone');
    expect(decide('allowed', answers('failed'), undefined).undecided).toHaveLength(1);
  });

  it('is decided by trying where the documents cannot be asked', () => {
    expect(decide('refused', answers('allowed'), undefined)).toMatchObject({ decidedBy: ['trying'] });
    expect(decide('refused', answers('allowed'), undefined).differences).toHaveLength(1);
  });

  it('is for a reader to judge where it reaches no data', () => {
    const notJudged = new Set(['s3:PutObject']);
    expect(decide('refused', answers('allowed'), says(true), { notJudged }).differences).toEqual([]);
  });
});
