import { inject } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { attachTarget } from '../contract/attach-target.ts';
import type { Target } from '../model/target.ts';

/** For tests only: the target that the vitest run has started. All test files share it, and none of them may stop it. */
export function sharedTarget(): Target {
  return attachTarget(inject('drContracts').handle, { clock: systemClock });
}
