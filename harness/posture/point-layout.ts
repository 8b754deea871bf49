import { z } from 'zod';
import { ExplainedError } from '../model/errors.ts';
import { readerOfPattern } from '../systems/s3/point-names.ts';
import type { PointLayout } from '../systems/s3/recovery-points.ts';
import { TimeZone } from '../verdict/time-zone.ts';
import { timeZoneNames } from '../verdict/time-zone-names.ts';

/** How recovery points lie below a prefix. */
export const layoutOptions = {
  /** Files that make a folder a whole recovery point; left out where one object is one. */
  holds: z.array(z.string().min(1)).default([]),
  /** How they are named, where the names hold no usual time: `orders-%d%m%Y.tar.gz`, `%Y/%m/%d/`. */
  pattern: z.string().min(1).optional(),
  /** In which zone names are read that give none. */
  timeZone: z.string().min(1).optional(),
};

const DAY_MS = 86_400_000;
const SPAN_MS = 20 * 366 * DAY_MS;

interface Given {
  readonly bucket: string;
  readonly prefix: string;
  readonly holds: readonly string[];
  readonly pattern?: string | undefined;
  readonly timeZone?: string | undefined;
}

/**
 * The layout that a contract states, for a listing made at some instant.
 * @throws {ExplainedError} for a pattern that cannot be read, or a time zone that there is not.
 */
export function layoutOf({ pattern, timeZone, ...given }: Given, thing: string): (nowMs: number) => PointLayout {
  const read = pattern === undefined ? undefined : readerOfPattern(pattern);
  const zoneAround = (name: string, nowMs: number) => new TimeZone(name, nowMs - SPAN_MS, nowMs + DAY_MS);
  if (timeZone !== undefined && !timeZoneNames.has(timeZone)) {
    throw new ExplainedError({
      thing: `check of ${thing}`,
      expected: 'an IANA time zone in `timeZone`, such as Europe/Berlin',
      observed: `it says "${timeZone}"`,
      nextStep: 'Correct it.',
    });
  }
  return (nowMs) => {
    const zone = timeZone === undefined ? undefined : zoneAround(timeZone, nowMs);
    const instantOf = zone === undefined ? undefined : (wallMs: number) => zone.instantOf(wallMs);
    return { ...given, read, instantOf };
  };
}
