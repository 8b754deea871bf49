import type { PostureDifference } from '../model/posture.ts';
import type { LivePolicy } from '../systems/iam/live-writer.ts';
import { compareSetting } from '../systems/s3/compare-settings.ts';

export interface LiveComparison {
  readonly compared: number;
  readonly differences: readonly PostureDifference[];
  /** True when the declared document is all that the writer has. */
  readonly isDeclaredAlone: boolean;
}

/**
 * Whether the declared document is among what a live user or role has. What it has besides is judged by what it allows, so that a
 * policy that only protects is no difference.
 * @param item how the writer is called in messages.
 * @param live undefined where there is no such user or role.
 */
export function compareLive(item: string, declared: unknown, live: readonly LivePolicy[] | undefined): LiveComparison {
  const cause = 'policy-not-applied';
  const nextStep = 'Give it the declared policy.';
  if (live === undefined) {
    const difference = {
      item,
      expected: 'the user or role of the policy',
      found: 'none of that name',
      nextStep: 'Correct the name in the contract, or create it and give it the declared policy.',
      cause,
    };
    return { compared: 1, differences: [difference], isDeclaredAlone: false };
  }
  const [closest] = live
    .map(({ name, document }) => compareSetting(`${item}, ${name}`, declared, document))
    .toSorted((one, other) => one.differences.length - other.differences.length);
  if (closest === undefined) {
    const difference = { item, expected: 'the declared policy', found: 'no policy at all', nextStep, cause };
    return { compared: 1, differences: [difference], isDeclaredAlone: false };
  }
  return {
    compared: closest.compared,
    // What is live and not declared may protect: nobody is told to take it away.
    differences: closest.differences.map((difference) => ({
      ...difference,
      cause,
      ...(difference.expected === 'nothing' ? { nextStep: 'Declare it in the policy.' } : {}),
    })),
    isDeclaredAlone: live.length === 1 && closest.differences.length === 0,
  };
}
