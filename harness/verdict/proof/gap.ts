import type { DrillRecord } from '../../model/record.ts';

// A gap is one sentence about a missing part of a proof in a record, or about a contradiction in the record.

export const contradiction = (what: string): string => `The record contradicts itself: ${what}.`;

export const lacking = (what: string): string => `A part of the proof is missing from the record: ${what}.`;

/** Yields a gap if an announced name is missing, was not announced, occurs twice, or is out of order. */
export function* namesDiffer(kind: string, announced: readonly string[], found: readonly string[]): Generator<string> {
  const missing = announced.find((name) => !found.includes(name));
  if (missing !== undefined) yield lacking(`${kind} "${missing}"`);
  const unannounced = found.find((name) => !announced.includes(name));
  if (unannounced !== undefined) {
    yield contradiction(`it holds ${kind} "${unannounced}", which was not announced before the disaster`);
  }
  if (announced.join('\n') !== found.join('\n')) {
    yield contradiction(
      `it holds ${found.length} entries for ${kind}, in another order or number than the ${announced.length} announced`,
    );
  }
}

type Moments = DrillRecord['moments'];

/** Largest difference, caused by rounding, between two readings of the same moment. */
export const SAME_MS = 1;

/** Returns the reading of the clock. An unknown moment gives NaN, for which every comparison is false. */
export const readingMs = (moment: Moments[keyof Moments]): number => moment?.monotonicMs ?? Number.NaN;

/** Returns the time from one moment to another; NaN if one of them is unknown. */
export const elapsedMs = (from: Moments[keyof Moments], to: Moments[keyof Moments]): number =>
  readingMs(to) - readingMs(from);

/** Yields a gap if a moment is unknown, or is earlier than the one before it. */
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
