import { type Cause, isCause } from '../model/causes.ts';
import type { HaltCondition, PostureCheckRecord, PostureVerdict } from '../model/posture.ts';

/** Next steps for a broken promise. */
const NEXT_STEPS: Readonly<Record<HaltCondition, string>> = {
  cost: 'Have the cost approved as a new budget, or lower it, before anything more is rolled out.',
  access: 'Correct the policy or the account, apply it, and check again before anything more is rolled out.',
  installation: 'Correct the installation, run it again, and check again before anything more is rolled out.',
  rotation: 'Rotate the credential as the policy says, and check again before anything more is rolled out.',
  repetition: 'Find the cause, and prove that it is gone, before anything more is rolled out.',
  backups: 'Repair the backups, and take one that succeeds, before anything more is rolled out.',
};

/** Next steps for causes that need another action first, because it is still unknown whether the promise is kept. */
const NEXT_STEPS_BY_CAUSE: Readonly<Partial<Record<Cause, string>>> = {
  'contract-mistake':
    'Correct the contract, or make what it names, and check again before anything more is rolled out.',
  'clock-off': 'Set the clock that is wrong, and check again before anything more is rolled out.',
  'credential-age-unknown':
    'Find out how old the credential is, or replace it, and check again before anything more is rolled out.',
  'cost-unknown': 'Supply what the computation lacked, and check again before anything more is rolled out.',
  'check-failed': 'Remove what keeps the check from being made, and check again before anything more is rolled out.',
};

/** Facts that have to be known when a check was undecided. Nothing has to be corrected yet. */
const TO_BE_KNOWN: Readonly<Record<HaltCondition, string>> = {
  cost: 'what the backups cost',
  access: 'what the accounts can do',
  installation: 'whether Velero is installed and works',
  rotation: 'how old the credentials are and whether they can be rotated',
  repetition: 'whether anything failed again and again',
  backups: 'whether the backups are taken',
};

/** Next steps for a kept promise that is near its limit. */
const NEAR: Readonly<Record<HaltCondition, string>> = {
  cost: 'Have a larger budget approved, or lower the cost,',
  access: 'Narrow or widen the access as the sentence says,',
  installation: 'Correct what the sentence names,',
  rotation: 'Rotate the credential,',
  repetition: 'Find the cause, and prove that it is gone,',
  backups: 'Make the backups faster, or take them more often,',
};

/** Returns why the roll-out halts, who answers for it and the next step. Returns nothing if the check is met or has no halt condition. */
export function haltedBy(
  { condition }: Pick<PostureCheckRecord, 'condition'>,
  verdict: PostureVerdict,
  owner: string,
  cause?: string,
): Pick<PostureCheckRecord, 'halts' | 'owner' | 'nextStep'> {
  if (condition === undefined || verdict === 'met') return { halts: undefined, owner: undefined, nextStep: undefined };
  return { halts: condition, owner, nextStep: nextStepFor(condition, verdict, cause) };
}

function nextStepFor(
  condition: HaltCondition,
  verdict: Exclude<PostureVerdict, 'met'>,
  told: string | undefined,
): string {
  const cause = told !== undefined && isCause(told) ? told : undefined;
  const byCause = cause === undefined ? undefined : NEXT_STEPS_BY_CAUSE[cause];
  if (byCause !== undefined) return byCause;
  if (verdict === 'at-risk') return `${NEAR[condition]} before anything more is rolled out.`;
  if (verdict === 'breached' || (cause !== undefined && !UNDECIDED.includes(cause))) return NEXT_STEPS[condition];
  return `Remove what kept the check from deciding, as its sentence says, and check again: before anything more is rolled out it has to be known ${TO_BE_KNOWN[condition]}.`;
}

/** Causes that show no fault: something was missing or could not be decided. */
const UNDECIDED: readonly Cause[] = ['not-decided', 'not-looked-at', 'proof-missing', 'recovery-point-missing'];
