import { expect, it } from 'vitest';
import { haltConditions, type PostureRecord } from '../model/posture.ts';
import { haltedBy } from './halts.ts';
import { judgePosture, worst } from './posture.ts';

it('a check that is not met halts the roll-out for its condition, and names owner and next step', () => {
  for (const condition of haltConditions) {
    for (const verdict of ['at-risk', 'breached', 'unproven'] as const) {
      const halted = haltedBy({ condition }, verdict, 'platform');
      expect(halted).toMatchObject({ halts: condition, owner: 'platform' });
      expect(halted.nextStep).toMatch(/\.$/);
    }
    expect(haltedBy({ condition }, 'met', 'platform').halts).toBeUndefined();
  }
});

it('a next step for a cost fits its cause: only a cost that is known can be approved', () => {
  const stepFor = (verdict: 'at-risk' | 'breached' | 'unproven', cause: string | undefined) =>
    haltedBy({ condition: 'cost' }, verdict, 'platform', cause).nextStep;
  expect(stepFor('breached', 'cost-above-budget')).toMatch(/approved as a new budget, or lower it/);
  expect(stepFor('at-risk', 'within-a-fifth')).toMatch(/while it still fits/);
  for (const [cause, said] of [
    ['cost-unknown', /Make computable/],
    ['contract-mistake', /Correct the contract/],
    ['proof-missing', /Run the check again/],
    ['not-looked-at', /Name in the contract/],
    ['check-failed', /Make readable/],
    [undefined, /Do what the sentence says/],
  ] as const) {
    expect(stepFor('unproven', cause)).toMatch(said);
    expect(stepFor('unproven', cause)).not.toMatch(/approved|budget/);
  }
});

it('a check that stands for no halt condition halts nothing', () => {
  expect(haltedBy({}, 'breached', 'platform')).toEqual({ halts: undefined, owner: undefined, nextStep: undefined });
});

it('a record judged again halts by what was observed, not by what it says', () => {
  const record: PostureRecord = {
    contract: { name: 'standby', owner: 'platform', controls: [] },
    appliedBy: null,
    at: '2026-11-29T03:00:00.000Z',
    durationMs: 1,
    applyMs: null,
    checks: [
      {
        name: 'cost',
        promise: 'Backups cost at most 20 USD',
        condition: 'cost',
        durationMs: 1,
        observation: null,
        failure: ['no prices'],
        verdict: 'met',
        sentence: 'Fine.',
      },
    ],
    expectedChecks: ['cost'],
    verdict: 'met',
  };
  expect(judgePosture(record).checks[0]).toMatchObject({ verdict: 'unproven', halts: 'cost', owner: 'platform' });
});

it('a posture is at risk when a check is, and none is worse', () => {
  expect(worst(['met', 'at-risk'])).toBe('at-risk');
  expect(worst(['met', 'at-risk', 'unproven'])).toBe('unproven');
  expect(worst(['unproven', 'at-risk', 'breached'])).toBe('breached');
});
