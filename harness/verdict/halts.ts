import type { HaltCondition, PostureCheckRecord, PostureVerdict } from '../model/posture.ts';

const NEXT_STEPS: Readonly<Record<HaltCondition, string>> = {
  cost: 'Do what the sentence says, and check the cost again before anything more is rolled out.',
  access: 'Correct the policy or the account, apply it, and check again before anything more is rolled out.',
  installation: 'Correct the installation, run it again, and check again before anything more is rolled out.',
  rotation: 'Rotate the credential as the policy says, and check again before anything more is rolled out.',
  repetition: 'Find the cause, and prove that it is gone, before anything more is rolled out.',
  backups: 'Repair the backups, and take one that succeeds, before anything more is rolled out.',
};

/** For a cost, by its cause: only a cost that is known can be approved. */
const COST_NEXT_STEPS: ReadonlyMap<string | undefined, string> = new Map([
  ['cost-above-budget', 'Have the cost approved as a new budget, or lower it, before anything more is rolled out.'],
  [
    'within-a-fifth',
    'Lower the cost, or have a larger budget approved while it still fits, before anything more is rolled out.',
  ],
  [
    'cost-unknown',
    'Make computable what the sentence names, by what it says there, and check the cost again before anything more is rolled out.',
  ],
  [
    'contract-mistake',
    'Correct the contract as the sentence says, and check the cost again before anything more is rolled out.',
  ],
  ['proof-missing', 'Run the check again, because its record proves nothing, before anything more is rolled out.'],
  [
    'not-looked-at',
    'Name in the contract what costs money, and check the cost again before anything more is rolled out.',
  ],
  [
    'check-failed',
    'Make readable what the sentence names, such as by a permission for the account, and check the cost again before anything more is rolled out.',
  ],
]);

/** Why the roll-out halts, who answers for it and what to do; nothing where the check is met or stands for no halt condition. */
export function haltedBy(
  { condition }: Pick<PostureCheckRecord, 'condition'>,
  verdict: PostureVerdict,
  owner: string,
  cause?: string,
): Pick<PostureCheckRecord, 'halts' | 'owner' | 'nextStep'> {
  if (condition === undefined || verdict === 'met') return { halts: undefined, owner: undefined, nextStep: undefined };
  return { halts: condition, owner, nextStep: nextStepOf(condition, cause) };
}

const nextStepOf = (condition: HaltCondition, cause: string | undefined): string =>
  (condition === 'cost' ? COST_NEXT_STEPS.get(cause) : undefined) ?? NEXT_STEPS[condition];
