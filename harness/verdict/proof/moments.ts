import type { DrillRecord } from '../../model/record.ts';
import { contradiction, lacking } from './gap.ts';

type Moments = DrillRecord['moments'];

/** Readings of the clock that are taken for the same moment may differ by rounding. */
export const SAME_MS = 1;

/** Every moment is known, and none lies before the one that comes before it. */
export function* outOfOrder(moments: Moments, names: readonly (keyof Moments)[]): Generator<string> {
  let previous: { readonly name: keyof Moments; readonly atMs: number } | undefined;
  for (const name of names) {
    const moment = moments[name];
    if (moment === null) return yield lacking(`the moment "${name}"`);
    if (previous !== undefined && moment.monotonicMs < previous.atMs) {
      yield contradiction(`the moment "${name}" lies before "${previous.name}"`);
    }
    previous = { name, atMs: moment.monotonicMs };
  }
}
