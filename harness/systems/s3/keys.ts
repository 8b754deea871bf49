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
