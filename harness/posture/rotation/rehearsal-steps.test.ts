import { expect, test } from 'vitest';
import { comparisonOf } from '../../model/comparison.ts';
import { judgeCheck } from '../../verdict/posture.ts';
import { compareRehearsal, type RehearsedStep } from './rehearsal-steps.ts';

/** Every step of a rehearsal. The first test fails if one is missing here, because that rehearsal is unproven. */
const all: readonly RehearsedStep[] = [
  { kind: 'backup-before' },
  { kind: 'wrong-secret' },
  { kind: 'rotation' },
  { kind: 'requests-during' },
  { kind: 'backups-during' },
  { kind: 'secret-shown' },
  { kind: 'backup-after' },
  { kind: 'read-after' },
  { kind: 'read-before' },
  { kind: 'old-key' },
  { kind: 'keys-left' },
  { kind: 'kept' },
  { kind: 'rights-added' },
  { kind: 'rights-lost' },
];
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
  ['requests-during', 'writing with the old key, which was still stored (403 AccessDenied), for 3 s', 'rotation-gap'],
  ['backups-during', 'it exited 1', 'rotation-gap'],
  ['secret-shown', 'the secret of the new key', 'credential-shown'],
  ['rights-added', 's3:DeleteObject on acme-backups/nats/', 'policy-allows-too-much'],
  ['rights-lost', 's3:ListBucket on acme-backups', 'policy-lacks-permission'],
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

test('a step that got no answer is unproven, with the answer that it got instead', () => {
  const undecided = 'the service did not answer (reading: 503 ServiceUnavailable)';
  const outcome = judged(all.map((step) => (step.kind === 'old-key' ? { kind: step.kind, undecided } : step)));
  expect(outcome).toMatchObject({ verdict: 'unproven', cause: 'not-decided' });
  expect(outcome.sentence).toContain(`the old key, after the rotation: ${undecided}`);
});

test('a pause that the platform documents stands in what was expected', () => {
  const steps = all.map((step) => (step.kind === 'requests-during' ? { ...step, seen: 'refused for 1 min' } : step));
  const { differences } = compareRehearsal(steps, 30_000);
  expect(differences[0]?.expected).toBe('to be accepted, except during a pause of at most 30 s');
});
