import { timeZoneNames } from './time-zone-names.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Changes of the clock lie further apart than this. */
const SAMPLE_MS = 7 * DAY_MS;

/** A time zone within a range of time: offsets from UTC, and when they change. */
export class TimeZone {
  /** Instants at which the offset changes, ascending, each with the offset from then on. */
  readonly changes: readonly { readonly atMs: number; readonly offsetMs: number }[];
  readonly #firstOffsetMs: number;

  /** @throws {Error} for a name that Go does not know, and a RangeError for one that only this Node does not know. */
  constructor(name: string, fromMs: number, untilMs: number) {
    if (!timeZoneNames.has(name)) throw new Error(`"${name}" is not an IANA time zone`);
    // A placeholder of the time-zone data without an offset, which Go knows and JavaScript does not.
    const read = offsetReader(name === 'Factory' ? 'UTC' : name);
    const changes: { atMs: number; offsetMs: number }[] = [];
    let beforeMs = fromMs;
    this.#firstOffsetMs = read(fromMs);
    let offsetMs = this.#firstOffsetMs;
    while (beforeMs < untilMs) {
      const atMs = Math.min(beforeMs + SAMPLE_MS, untilMs);
      const sampledMs = read(atMs);
      if (sampledMs !== offsetMs) {
        changes.push({ atMs: changeBetween(beforeMs, atMs, read), offsetMs: sampledMs });
      }
      offsetMs = sampledMs;
      beforeMs = atMs;
    }
    this.changes = changes;
  }

  offsetMs(instantMs: number): number {
    return this.changes.findLast(({ atMs }) => atMs <= instantMs)?.offsetMs ?? this.#firstOffsetMs;
  }

  /**
   * The instant of a time on the wall, as Go's time.Date gives it: a time that is skipped becomes one before or after the gap, a time
   * that is repeated one of the two.
   */
  instantOf(wallMs: number): number {
    const guessedMs = wallMs - this.offsetMs(wallMs);
    return wallMs - this.offsetMs(guessedMs);
  }
}

function changeBetween(beforeMs: number, afterMs: number, read: (instantMs: number) => number): number {
  const offset = read(beforeMs);
  let [low, high] = [beforeMs, afterMs];
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS;
    if (read(middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}

function offsetReader(timeZone: string): (instantMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (instantMs) => {
    const parts = Object.fromEntries(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(instantMs / MINUTE_MS) * MINUTE_MS;
  };
}
