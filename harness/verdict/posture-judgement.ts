import type { PostureVerdict } from '../model/posture.ts';

export interface CheckJudgement {
  readonly verdict: PostureVerdict;
  /** What was found and what to do; the promise comes before it. */
  readonly found: string;
}
