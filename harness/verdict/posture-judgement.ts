import type { Cause } from '../model/causes.ts';
import type { PostureVerdict } from '../model/posture.ts';

export interface CheckJudgement {
  readonly verdict: PostureVerdict;
  /** What was found and what to do; the promise comes before it. */
  readonly found: string;
  /** Left out where the verdict is `met`. */
  readonly cause?: Cause;
}
