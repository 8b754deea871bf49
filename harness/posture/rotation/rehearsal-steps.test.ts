import { expect, test } from 'vitest';
import { comparisonOf } from '../../model/comparison.ts';
import { judgeCheck } from '../../verdict/posture.ts';
import { compareRehearsal, type RehearsedStep, rehearsalStepKinds } from './rehearsal-steps.ts';

const all: readonly RehearsedStep[] = rehearsalStepKinds.map((kind) => ({ kind }));
const judged = (steps: readonly RehearsedStep[]) =>
  judgeCheck({ promise: 'It rotates', observation: comparisonOf(compareRehearsal(steps)), failure: null });

test('a rehearsal in which each step went as expected is met', () => {
  expect(judged(all)).toMatchObject({ verdict: 'met' });
});

test.each([
  ['old-key', 'reading (success) accepted', 'old-credential-accepted'],
  ['keys-left', '1 more that is active', 'old-credential-accepted'],
  ['read-before', 'AccessDenied', 'rotation-failed'],
  ['backup-after', 'AccessDenied', 'rotation-failed'],
  ['wrong-secret', 'writing (success) accepted', 'policy-allows-too-much'],
] as const)('a rehearsal whose step %s went otherwise is breached', (kind, seen, cause) => {
  const outcome = judged(all.map((step) => (step.kind === kind ? { ...step, seen } : step)));
  expect(outcome).toMatchObject({ verdict: 'breached', cause });
  expect(outcome.sentence).toContain(seen);
});

test('a rehearsal that leaves a step out proves nothing, and names the step', () => {
  const outcome = judged(all.filter(({ kind }) => kind !== 'read-before'));
  expect(outcome).toMatchObject({ verdict: 'unproven', cause: 'not-looked-at' });
  expect(outcome.sentence).toContain('the recovery point from before the rotation, read with the new key');
});

test('a rehearsal of which nothing was made is unproven', () => {
  expect(judged([])).toMatchObject({ verdict: 'unproven' });
});
