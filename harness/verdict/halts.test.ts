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

it('where nobody knows whether a condition is in order, the next step is to find out', () => {
  const next = (cause?: string) => haltedBy({ condition: 'rotation' }, 'unproven', 'platform', cause).nextStep;
  expect(next('contract-mistake')).toMatch(/^Correct the contract, or make what it names/);
  expect(next('cost-unknown')).toMatch(/^Supply what the computation lacked/);
  expect(next('clock-off')).toMatch(/^Set the clock/);
  expect(next('credential-age-unknown')).toMatch(/^Find out how old/);
  expect(next('credential-too-old')).toMatch(/^Rotate the credential/);
  expect(next('of-a-later-version')).toBe(next());
});

it('what nobody could decide asks for the proof, and not for a correction of what nobody saw', () => {
  const step = (verdict: 'at-risk' | 'breached' | 'unproven', cause?: string) =>
    haltedBy({ condition: 'rotation' }, verdict, 'platform', cause).nextStep;
  expect(step('breached', 'not-as-promised')).toMatch(/^Rotate the credential as/);
  expect(step('at-risk')).toMatch(/^Rotate the credential, before/);
  for (const cause of [undefined, 'not-decided', 'not-looked-at', 'proof-missing', 'recovery-point-missing']) {
    expect(step('unproven', cause)).toMatch(
      /^Remove what kept the check from deciding.*known how old the credentials are/,
    );
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
