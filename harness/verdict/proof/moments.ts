import type { DrillRecord } from '../../model/record.ts';
import { contradiction, lacking } from './gap.ts';

type Moments = DrillRecord['moments'];

/** Readings of the clock that are taken for the same moment may differ by rounding. */
export const SAME_MS = 1;

/** The reading of the clock; NaN, with which no comparison holds, where the moment is not known. */
export const readingMs = (moment: Moments[keyof Moments]): number => moment?.monotonicMs ?? Number.NaN;

/** From one moment to another; NaN where one of them is not known. */
export const elapsedMs = (from: Moments[keyof Moments], to: Moments[keyof Moments]): number =>
  readingMs(to) - readingMs(from);

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
