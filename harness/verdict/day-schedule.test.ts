import { describe, expect, it } from 'vitest';
import { TimeZone } from './day-schedule.ts';

const HOUR_MS = 3_600_000;
const from = Date.parse('2026-01-01T00:00:00Z');
const until = Date.parse('2028-01-01T00:00:00Z');
const zone = (name: string) => new TimeZone(name, from, until);
const utc = (text: string) => Date.parse(text);

describe('a time zone', () => {
  it('has the instants at which its clock changes, to the minute', () => {
    const shown = zone('Europe/Berlin').changes.map(({ atMs, offsetMs }) => [
      new Date(atMs).toISOString(),
      offsetMs / HOUR_MS,
    ]);
    expect(shown).toEqual([
      ['2026-03-29T01:00:00.000Z', 2],
      ['2026-10-25T01:00:00.000Z', 1],
      ['2027-03-28T01:00:00.000Z', 2],
      ['2027-10-31T01:00:00.000Z', 1],
    ]);
    expect(zone('Australia/Lord_Howe').changes.map(({ offsetMs }) => offsetMs / HOUR_MS)).toEqual([10.5, 11, 10.5, 11]);
    expect(zone('UTC').changes).toEqual([]);
    expect(zone('Asia/Kathmandu').changes).toEqual([]);
  });

  it.each([
    ['2026-03-30T00:00:00Z', '2026-04-30T00:00:00Z', []],
    ['2026-03-02T00:00:00Z', '2026-03-29T01:00:00Z', ['2026-03-29T01:00:00.000Z']],
    ['2026-03-02T00:00:00Z', '2026-03-29T00:59:00Z', []],
  ])('has the changes from %s to %s', (start, end, changes) => {
    const { changes: found } = new TimeZone('Europe/Berlin', utc(start), utc(end));
    expect(found.map(({ atMs }) => new Date(atMs).toISOString())).toEqual(changes);
  });

  it('has an offset at every instant', () => {
    const berlin = zone('Europe/Berlin');
    const offsets = ['2026-01-01T00:00:00Z', '2026-03-29T00:59:59Z', '2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z'];
    expect(offsets.map((at) => berlin.offsetMs(utc(at)) / HOUR_MS)).toEqual([1, 1, 2, 1]);
    expect(zone('Asia/Kathmandu').offsetMs(from) / HOUR_MS).toBe(5.75);
    expect(zone('America/New_York').offsetMs(from) / HOUR_MS).toBe(-5);
    expect(zone('UTC').offsetMs(from)).toBe(0);
  });

  it.each([
    ['Europe/Berlin', '2026-01-15T12:00:00Z', '2026-01-15T11:00:00Z'],
    ['Europe/Berlin', '2026-07-15T12:00:00Z', '2026-07-15T10:00:00Z'],
    // Skipped: an hour later on the wall clock.
    ['Europe/Berlin', '2026-03-29T02:30:00Z', '2026-03-29T01:30:00Z'],
    // Repeated: the second time in Berlin, the first in New York, as in Go.
    ['Europe/Berlin', '2026-10-25T02:30:00Z', '2026-10-25T01:30:00Z'],
    ['America/New_York', '2026-11-01T01:30:00Z', '2026-11-01T05:30:00Z'],
    ['America/New_York', '2026-03-08T02:30:00Z', '2026-03-08T06:30:00Z'],
    ['Europe/London', '2026-03-29T01:30:00Z', '2026-03-29T01:30:00Z'],
    ['Europe/London', '2026-10-25T01:30:00Z', '2026-10-25T01:30:00Z'],
    ['UTC', '2026-03-29T02:30:00Z', '2026-03-29T02:30:00Z'],
  ])('B9: of %s: %s on its wall is the instant %s', (name, wall, instant) => {
    expect(new Date(zone(name).instantOf(utc(wall))).toISOString()).toBe(new Date(utc(instant)).toISOString());
  });

  it.each(['Mars/Olympus', 'europe/berlin', '+01:00', 'Local', ''])(
    'B9: "%s" is none that Kubernetes knows',
    (name) => {
      expect(() => zone(name)).toThrow(`"${name}" is not an IANA time zone`);
    },
  );
});
