/**
 * JSON that every reader takes. Half of a surrogate pair, which the output of a program holds if it was cut inside a character, is
 * written by `JSON.stringify` as an escape that strict readers refuse: U+FFFD takes its place.
 */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'string' ? each.toWellFormed() : each), indent);
