/** A global symbol: the contract file may load another copy of this package than the run that loads it. */
const MISTAKE = Symbol.for('dr-contracts.mistake');

/** What stands in the place of options that are not well formed, until the contract that uses them reports it. */
export const mistaken = (error: Error): object => ({ [MISTAKE]: error });

const DEEPEST = 4;

/** The mistakes in the parts of what an author wrote, in its order. */
export function mistakesIn(value: unknown, depth = 0): readonly Error[] {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return [];
  if (MISTAKE in value && value[MISTAKE] instanceof Error) return [value[MISTAKE]];
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return [...new Set(parts.flatMap((part) => mistakesIn(part, depth + 1)))];
}
