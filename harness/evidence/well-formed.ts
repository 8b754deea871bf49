/**
 * Returns a JSON value without half surrogate pairs, which occur in program output that was cut inside a character. `JSON.stringify`
 * writes them as an escape that strict readers refuse, and RFC 8785 refuses them. U+FFFD replaces each, as in UTF-8 output.
 */
export function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name.toWellFormed(), wellFormed(each)]));
}

/** Returns JSON that every reader accepts. */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(wellFormed(value), undefined, indent);
