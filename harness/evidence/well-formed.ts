/**
 * A JSON value without half of a surrogate pair, which the output of a program holds if it was cut inside a character. `JSON.stringify`
 * writes it as an escape that strict readers refuse, and RFC 8785 refuses it: U+FFFD takes its place, as in any text that is written as UTF-8.
 */
export function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name.toWellFormed(), wellFormed(each)]));
}

/** JSON that every reader takes. */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(wellFormed(value), undefined, indent);
