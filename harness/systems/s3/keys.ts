export const MARKER_PREFIX = 'dr-marker/';
export const PROBE_PREFIX = 'dr-probe/';
/** The tag of a bucket that may be destroyed; its value is the session that made it. */
export const DISPOSABLE_MARK = 'dr-contracts.session';

/** Keys of the harness's own: left out of fingerprints and comparisons. */
export function isReserved(key: string): boolean {
  return key.startsWith(MARKER_PREFIX) || key.startsWith(PROBE_PREFIX);
}

/** S3's order of keys: by UTF-8 bytes, which differs from JavaScript's order above U+FFFF. */
export function compareKeys(one: string, other: string): number {
  if (one === other) return 0;
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

const MARKER_DIGITS = 9;

export function markerKey(sequence: number): string {
  return MARKER_PREFIX + String(sequence).padStart(MARKER_DIGITS, '0');
}

/** The marker's sequence; 0, which no writer uses, for a key that is no marker's. */
export function markerSequence(key: string): number {
  const [, digits] = /^dr-marker\/(\d+)$/.exec(key) ?? [];
  return digits === undefined ? 0 : Number(digits);
}

/** The longest of what a seeded key has behind its prefix, see `plan.ts`. */
export const LONGEST_NAME_BYTES = 64;

/**
 * The first character that a key cannot have where its listings are XML 1.0, as `U+000D`; undefined when there is none. XML has no control
 * characters but tab and newline, and its readers take a carriage return for a newline: the key would be listed as another one, and a
 * deletion of that one "succeeds" and removes nothing.
 */
export function notInXml(text: string): string | undefined {
  const found = /[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.exec(text);
  return found === null ? undefined : `U+${(found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
