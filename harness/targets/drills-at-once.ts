import { availableParallelism } from 'node:os';
import type { TargetName } from './wishes.ts';

/**
 * How many drills run at once where nobody says. Drills on the local target mostly wait, so two more than there are processors keep the
 * processors busy. On docker, a third drill on two processors saved no time and slowed each restore down.
 */
export const drillsAtOnce = (target: TargetName): number => availableParallelism() + (target === 'local' ? 2 : 0);
