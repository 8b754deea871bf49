import type { PromiseFacts } from './entry.ts';

// How a promise is named wherever results are counted: by its contract, and by a disaster of it.

/** Stands for the disaster of a posture contract in exports, metrics and history. */
export const POSTURE = 'posture';

/** Tells promises apart. `null` and {@link POSTURE} are both names of a posture contract; one reader uses one of them. */
export const promiseKey = (contract: string, disaster: string | null): string => JSON.stringify([contract, disaster]);

/** The disasters of a promise; {@link POSTURE} alone for a posture contract, which names none. */
export const placesOf = ({ disasters }: Pick<PromiseFacts, 'disasters'>): readonly string[] =>
  disasters.length === 0 ? [POSTURE] : disasters;
