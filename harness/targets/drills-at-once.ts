import { availableParallelism } from 'node:os';
import type { TargetName } from './wishes.ts';

/**
 * Returns the default number of concurrent drills. Drills on the local target mostly wait, so two more than the number of processors keep
 * these busy. On docker, a third drill on two processors saved no time and slowed each restore down.
 */
export const drillsAtOnce = (target: TargetName): number => availableParallelism() + (target === 'local' ? 2 : 0);
