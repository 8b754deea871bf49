import { type Cause, isCause } from '../model/causes.ts';
import type { HaltCondition, PostureCheckRecord, PostureVerdict } from '../model/posture.ts';

const NEXT_STEPS: Readonly<Record<HaltCondition, string>> = {
  cost: 'Have the cost approved as a new budget, or lower it, before anything more is rolled out.',
  access: 'Correct the policy or the account, apply it, and check again before anything more is rolled out.',
  installation: 'Correct the installation, run it again, and check again before anything more is rolled out.',
  rotation: 'Rotate the credential as the policy says, and check again before anything more is rolled out.',
  repetition: 'Find the cause, and prove that it is gone, before anything more is rolled out.',
  backups: 'Repair the backups, and take one that succeeds, before anything more is rolled out.',
};

/** Where something else is to be done first than the condition says: nobody knows yet whether it is in order. */
const NEXT_STEPS_BY_CAUSE: Readonly<Partial<Record<Cause, string>>> = {
  'contract-mistake':
    'Correct the contract, or make what it names, and check again before anything more is rolled out.',
  'clock-off': 'Set the clock that is wrong, and check again before anything more is rolled out.',
  'credential-age-unknown':
    'Find out how old the credential is, or replace it, and check again before anything more is rolled out.',
  'cost-unknown': 'Make known what could not be computed, and check again before anything more is rolled out.',
  'check-failed': 'Remove what keeps the check from being made, and check again before anything more is rolled out.',
};

/** Why the roll-out halts, who answers for it and what to do; nothing where the check is met or stands for no halt condition. */
export function haltedBy(
  { condition }: Pick<PostureCheckRecord, 'condition'>,
  verdict: PostureVerdict,
  owner: string,
  cause?: string,
): Pick<PostureCheckRecord, 'halts' | 'owner' | 'nextStep'> {
  if (condition === undefined || verdict === 'met') return { halts: undefined, owner: undefined, nextStep: undefined };
  return { halts: condition, owner, nextStep: nextStepFor(condition, cause) };
}

const nextStepFor = (condition: HaltCondition, cause: string | undefined): string =>
  (cause !== undefined && isCause(cause) ? NEXT_STEPS_BY_CAUSE[cause] : undefined) ?? NEXT_STEPS[condition];
