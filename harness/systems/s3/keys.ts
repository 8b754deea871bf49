export const MARKER_PREFIX = 'dr-marker/';
export const PROBE_PREFIX = 'dr-probe/';
/** Tag of a bucket that may be destroyed; its value is the session that made it. */
export const DISPOSABLE_MARK = 'dr-contracts.session';

/** The harness's own keys are left out of fingerprints and comparisons. */
export function isReserved(key: string): boolean {
  return key.startsWith(MARKER_PREFIX) || key.startsWith(PROBE_PREFIX);
}

/** Compares keys in S3's order: by UTF-8 bytes, which differs from JavaScript's order above U+FFFF. */
export function compareKeys(one: string, other: string): number {
  if (one === other) return 0;
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

const MARKER_DIGITS = 9;

export function markerKey(sequence: number): string {
  return MARKER_PREFIX + String(sequence).padStart(MARKER_DIGITS, '0');
}

/** Returns the marker's sequence; 0, which no writer uses, for other keys. */
export function markerSequence(key: string): number {
  const [, digits] = /^dr-marker\/(\d+)$/.exec(key) ?? [];
  return digits === undefined ? 0 : Number(digits);
}

/** Maximum length of a seeded key after its prefix, see `plan.ts`. */
export const LONGEST_NAME_BYTES = 64;

/**
 * Returns the first character that a key cannot contain in XML 1.0 listings, as `U+000D`; undefined if there is none. XML has no control
 * characters but tab and newline, and its readers convert a carriage return to a newline. The key would be listed under another name, and
 * deleting that name "succeeds" without removing anything.
 */
export function notInXml(text: string): string | undefined {
  const found = /[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.exec(text);
  return found === null ? undefined : `U+${(found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
