import type { DrillRecord } from '../../model/record.ts';

// A gap is one sentence that says which part of a proof is missing from a record, or where the record contradicts itself.

export const contradiction = (what: string): string => `The record contradicts itself: ${what}.`;

export const lacking = (what: string): string => `A part of the proof is missing from the record: ${what}.`;

/** What must be there was not announced, or what was announced is not there: each once, and in the announced order. */
export function* namesDiffer(kind: string, announced: readonly string[], found: readonly string[]): Generator<string> {
  const missing = announced.find((name) => !found.includes(name));
  if (missing !== undefined) yield lacking(`${kind} "${missing}"`);
  const unannounced = found.find((name) => !announced.includes(name));
  if (unannounced !== undefined) {
    yield contradiction(`it holds ${kind} "${unannounced}", which was not announced before the disaster`);
  }
  if (announced.join('\n') !== found.join('\n')) {
    yield contradiction(
      `of ${kind} it holds ${found.length} in another order or number than the ${announced.length} announced`,
    );
  }
}

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
