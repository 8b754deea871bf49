export const MARKER_PREFIX = 'dr-marker/';
const PROBE_PREFIX = 'dr-probe/';
/** Object that marks a bucket as disposable. It contains the session that made the bucket. */
export const MARK = 'dr-session';
export const PROBE_OBJECT = `${PROBE_PREFIX}write`;

const MARKER_DIGITS = 9;

/** The harness's own objects do not count as content. */
export const isReserved = (name: string): boolean =>
  name === MARK || name.startsWith(MARKER_PREFIX) || name.startsWith(PROBE_PREFIX);

export const markerName = (sequence: number): string => MARKER_PREFIX + String(sequence).padStart(MARKER_DIGITS, '0');

export const markerSequence = (name: string): number => Number(name.slice(MARKER_PREFIX.length));
