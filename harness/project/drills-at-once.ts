import { availableParallelism } from 'node:os';

/** One more than there are processors: measured on two, the drills left nearly a third of the processor time to nobody. */
export const drillsAtOnce = (): number => availableParallelism() + 1;
