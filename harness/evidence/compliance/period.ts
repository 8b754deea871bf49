import type { EntryBody } from '../entry.ts';

// Which results belong to a period. Every format of the report follows this one rule: a result belongs to the period in which it was
// proved, whenever its entry was appended.

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * When an entry happened. A drill ends before its entry is appended, and a run with its posture checks too; a clock that went backwards
 * makes nothing later than its entry.
 */
export function happenedAt(body: EntryBody): string {
  if (body.kind === 'drill') return earlier(body.record.moments.ended?.utc ?? body.at, body.at);
  return body.kind === 'run-finished' || body.kind === 'run-killed' ? earlier(body.run.ended, body.at) : body.at;
}

export const isUpTo = ({ toMs }: Period, utc: string): boolean => Date.parse(utc) <= toMs;

export const isWithin = (period: Period, utc: string): boolean =>
  isUpTo(period, utc) && Date.parse(utc) >= period.fromMs;

const earlier = (one: string, other: string): string => (Date.parse(one) < Date.parse(other) ? one : other);
