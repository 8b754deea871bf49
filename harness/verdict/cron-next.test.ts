import { describe, expect, it } from 'vitest';
import { parseCron } from './cron-expression.ts';
import { nextFiring } from './cron-next.ts';
import { TimeZone } from './day-schedule.ts';

const DAY_MS = 86_400_000;

function firings(cron: string, timeZone: string, from: string, count: number): string[] {
  const schedule = parseCron(cron);
  if (schedule.kind !== 'fields') throw new Error(`${cron} has no fields`);
  const fromMs = Date.parse(from);
  const zone = new TimeZone(timeZone, fromMs - DAY_MS, fromMs + 20 * 366 * DAY_MS);
  const found: string[] = [];
  for (let at = nextFiring(schedule, fromMs, zone); at !== undefined && found.length < count; ) {
    found.push(new Date(at).toISOString().replace(/:00\.000Z$/, 'Z'));
    at = nextFiring(schedule, at, zone);
  }
  return found;
}

describe('the next firing of a schedule', () => {
  // Answers of robfig/cron v3.0.1. cron.differential.test.ts compares many more.
  it.each<[string, string, string, string[]]>([
    [
      '30 2 * * *',
      'America/New_York',
      '2026-03-07T06:00:00Z',
      ['2026-03-07T07:30Z', '2026-03-09T06:30Z', '2026-03-10T06:30Z', '2026-03-11T06:30Z'],
    ],
    [
      '30 1 * * *',
      'America/New_York',
      '2026-11-01T00:00:00Z',
      ['2026-11-01T05:30Z', '2026-11-01T06:30Z', '2026-11-02T06:30Z'],
    ],
    [
      '15 5 * * *',
      'Australia/Lord_Howe',
      '2026-10-02T12:00:00Z',
      ['2026-10-02T18:45Z', '2026-10-04T18:15Z', '2026-10-05T18:15Z', '2026-10-06T18:15Z'],
    ],
    [
      '0 0 * * *',
      'America/Santiago',
      '2026-09-05T00:00:00Z',
      ['2026-09-05T04:00Z', '2026-09-07T03:00Z', '2026-09-08T03:00Z', '2026-09-09T03:00Z'],
    ],
    ['0 0 6 9 *', 'America/Santiago', '2026-09-01T00:00:00Z', ['2027-09-06T03:00Z', '2028-09-06T03:00Z']],
    [
      '0 0 * * *',
      'Asia/Beirut',
      '2026-03-27T00:00:00Z',
      ['2026-03-27T22:00Z', '2026-03-29T21:00Z', '2026-03-30T21:00Z', '2026-03-31T21:00Z'],
    ],
    [
      '0 0 * * *',
      'America/Havana',
      '2026-10-30T00:00:00Z',
      ['2026-10-30T04:00Z', '2026-10-31T04:00Z', '2026-11-01T04:00Z', '2026-11-01T05:00Z', '2026-11-02T05:00Z'],
    ],
    ['0 0 29 2 *', 'UTC', '2026-01-15T00:00:00Z', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['59 23 31 12 *', 'UTC', '2026-01-15T00:00:00Z', ['2026-12-31T23:59Z', '2027-12-31T23:59Z']],
    ['0 3 * * 1', 'UTC', '2026-01-15T00:00:00.500Z', ['2026-01-19T03:00Z', '2026-01-26T03:00Z']],
    ['* * * * *', 'UTC', '2026-01-15T00:00:59.999Z', ['2026-01-15T00:01Z', '2026-01-15T00:02Z']],
    ['* * * * *', 'UTC', '2026-01-15T00:00:30Z', ['2026-01-15T00:01Z', '2026-01-15T00:02Z']],
    [
      '0 0 13 * 5',
      'UTC',
      '2026-02-01T00:00:00Z',
      ['2026-02-06T00:00Z', '2026-02-13T00:00Z', '2026-02-20T00:00Z', '2026-02-27T00:00Z'],
    ],
    [
      '30 0 * * *',
      'Antarctica/Troll',
      '2026-03-28T00:00:00Z',
      ['2026-03-28T00:30Z', '2026-03-29T00:30Z', '2026-03-29T22:30Z', '2026-03-30T22:30Z'],
    ],
    [
      '0 12 1 */3 *',
      'Europe/Berlin',
      '2026-01-15T00:00:00Z',
      ['2026-04-01T10:00Z', '2026-07-01T10:00Z', '2026-10-01T10:00Z', '2027-01-01T11:00Z'],
    ],
    [
      '45 1 * * *',
      'Europe/London',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:45Z', '2026-10-25T01:45Z', '2026-10-26T01:45Z'],
    ],
    [
      '30 1 * * *',
      'Europe/London',
      '2026-03-28T00:00:00Z',
      ['2026-03-28T01:30Z', '2026-03-30T00:30Z', '2026-03-31T00:30Z'],
    ],
    ['0 0 1 1 *', 'Pacific/Chatham', '2026-06-01T00:00:00Z', ['2026-12-31T10:15Z', '2027-12-31T10:15Z']],
    ['0 0 10 4 *', 'UTC', '2026-02-15T10:30:00Z', ['2026-04-10T00:00Z', '2027-04-10T00:00Z']],
    ['0 0 20 * *', 'UTC', '2026-02-15T10:30:00Z', ['2026-02-20T00:00Z', '2026-03-20T00:00Z']],
    ['0 5 * * *', 'UTC', '2026-01-15T03:30:00Z', ['2026-01-15T05:00Z', '2026-01-16T05:00Z']],
    ['0 3 * * 1', 'UTC', '2026-01-19T04:00:00Z', ['2026-01-26T03:00Z', '2026-02-02T03:00Z']],
    ['0 0 15 1 *', 'UTC', '2026-01-20T00:00:00Z', ['2027-01-15T00:00Z', '2028-01-15T00:00Z']],
    ['30 5 * * *', 'UTC', '2026-01-15T05:45:30Z', ['2026-01-16T05:30Z', '2026-01-17T05:30Z']],
    ['30 * * * *', 'UTC', '2026-01-15T05:10:30Z', ['2026-01-15T05:30Z', '2026-01-15T06:30Z']],
    ['0 0 31 12 *', 'UTC', '2026-12-31T00:00:00Z', ['2027-12-31T00:00Z', '2028-12-31T00:00Z']],
    // If the clock skips the first midnight of a month, robfig/cron continues from the last day of the previous month, and then uses the
    // month after the wanted one.
    ['0 0 15 11 *', 'America/Asuncion', '2017-07-15T00:00:00Z', ['2017-12-15T03:00Z', '2018-11-15T03:00Z']],
    ['0 0 5 10 *', 'America/Asuncion', '2017-07-15T00:00:00Z', ['2018-10-05T04:00Z', '2019-10-05T04:00Z']],
    ['0 0 3 3 *', 'Asia/Amman', '2016-03-10T00:00:00Z', ['2016-04-02T21:00Z', '2017-03-02T22:00Z']],
    // If the clock skips a midnight, it skips the day, or treats it as the day before.
    ['0 0 29 3 *', 'Asia/Beirut', '2026-03-20T00:00:00Z', ['2027-03-28T21:00Z', '2028-03-28T21:00Z']],
    ['0 0 30 3 *', 'Asia/Beirut', '2026-03-20T00:00:00Z', ['2026-03-29T21:00Z', '2027-03-29T21:00Z']],
    ['0 5 5 9 *', 'America/Santiago', '2026-09-05T10:30:00Z', ['2026-09-06T08:00Z', '2027-09-05T08:00Z']],
    // If the clock skips a full hour, it treats the next hour as the one before.
    [
      '45 1 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T15:00:00Z',
      ['2026-10-03T15:15Z', '2026-10-03T15:45Z', '2026-10-04T14:45Z'],
    ],
  ])('B9: "%s" in %s from %s on is at %j', (cron, timeZone, from, expected) => {
    expect(firings(cron, timeZone, from, expected.length)).toEqual(expected);
  });

  it('B9: is searched for five years, and not longer', () => {
    expect(firings('0 0 30 2 *', 'UTC', '2026-01-15T00:00:00Z', 1)).toEqual([]);
    expect(firings('0 0 29 2 *', 'UTC', '2023-03-01T00:00:00Z', 1)).toEqual(['2024-02-29T00:00Z']);
    expect(firings('0 0 29 2 *', 'UTC', '2096-03-01T00:00:00Z', 1)).toEqual([]);
    expect(firings('0 0 29 2 *', 'UTC', '2098-12-31T00:00:00Z', 1)).toEqual([]);
    expect(firings('0 0 29 2 *', 'UTC', '2099-01-01T00:00:00Z', 1)).toEqual(['2104-02-29T00:00Z']);
    expect(firings('0 0 * , *', 'UTC', '2026-01-15T00:00:00Z', 1)).toEqual([]);
  });
});
