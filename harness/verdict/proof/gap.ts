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
