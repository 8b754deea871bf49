import { describe, expect, it } from 'vitest';
import { type CronFields, parseCron } from './cron-expression.ts';

// cron.differential.test.ts compares these expressions with robfig/cron v3. These tests also find a fault on a machine without Go.

const fieldsOf = (text: string): CronFields => {
  const parsed = parseCron(text);
  if (parsed.kind !== 'fields') throw new Error(`${text} has no fields`);
  return parsed;
};
const valuesOf = ({ matches }: CronFields['minute']): number[] =>
  Array.from({ length: 64 }, (_, value) => value).filter(matches);
const minutes = (field: string): number[] => valuesOf(fieldsOf(`${field} * * * *`).minute);
const from = (start: number, end: number, step = 1): number[] =>
  Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step);

describe('a field of a cron expression', () => {
  it.each([
    ['*', from(0, 59)],
    ['?', from(0, 59)],
    ['5', [5]],
    ['0', [0]],
    ['59', [59]],
    ['1,2,40', [1, 2, 40]],
    ['1,,2,', [1, 2]],
    [',', []],
    ['10-13', from(10, 13)],
    ['7-7', [7]],
    ['10-20/5', [10, 15, 20]],
    ['*/20', [0, 20, 40]],
    ['?/20', [0, 20, 40]],
    ['*/90', [0]],
    ['3/10', from(3, 59, 10)],
    ['50/15', [50]],
    ['*-5', from(0, 59)],
    ['*-5-7', from(0, 59)],
    ['*-5/20', [0, 20, 40]],
    ['+7', [7]],
    ['007', [7]],
  ])('B9: "%s" matches %j', (field, values) => {
    expect(minutes(field)).toEqual(values);
  });

  it('B9: has bounds and names of its own', () => {
    const { minute, hour, dayOfMonth, month, dayOfWeek } = fieldsOf('* * * * *');
    expect([minute, hour, dayOfMonth, month, dayOfWeek].map(valuesOf)).toEqual([
      from(0, 59),
      from(0, 23),
      from(1, 31),
      from(1, 12),
      from(0, 6),
    ]);
    expect(valuesOf(fieldsOf('0 0 * jan,Feb,MAR,apr,may,jun,jul,aug,sep,oct,nov,dec *').month)).toEqual(from(1, 12));
    expect(valuesOf(fieldsOf('0 0 * * sun,mon,TUE,wed,thu,fri,sat').dayOfWeek)).toEqual(from(0, 6));
    expect(valuesOf(fieldsOf('0 0 * jan-mar mon-fri/2').month)).toEqual([1, 2, 3]);
    expect(valuesOf(fieldsOf('0 0 * jan-mar mon-fri/2').dayOfWeek)).toEqual([1, 3, 5]);
  });

  it('B9: is a star only if nothing restricts it', () => {
    const isStar = (field: string) => fieldsOf(`0 0 ${field} * *`).dayOfMonth.isStar;
    expect(['*', '?', '*/1', '1,*', '*-5'].map(isStar)).toEqual([true, true, true, true, true]);
    expect(['*/2', '1-31', '1', '1/1', '?/3'].map(isStar)).toEqual([false, false, false, false, false]);
  });
});

describe('a cron expression', () => {
  it.each([
    ['', 'it has 0 fields'],
    ['   ', 'it has 0 fields'],
    ['*', 'it has 1 field'],
    ['0 3 * *', 'it has 4 fields'],
    ['0 3 * * * *', 'it has 6 fields'],
    ['60 * * * *', '"60" is not within 0 to 59, as the minute must be'],
    ['50-60 * * * *', '"50-60" is not within 0 to 59, as the minute must be'],
    ['0 24 * * *', '"24" is not within 0 to 23, as the hour must be'],
    ['0 0 0 * *', '"0" is not within 1 to 31, as the day of month must be'],
    ['0 0 32 * *', '"32" is not within 1 to 31, as the day of month must be'],
    ['0 0 * 0 *', '"0" is not within 1 to 12, as the month must be'],
    ['0 0 * 13 *', '"13" is not within 1 to 12, as the month must be'],
    ['0 0 * * 7', '"7" is not within 0 to 6, as the weekday must be'],
    ['0 0 * * sat-sun', '"sat-sun" begins after its end'],
    ['5-3 * * * *', '"5-3" begins after its end'],
    ['1-2-3 * * * *', '"1-2-3" has too many hyphens'],
    ['1/2/3 * * * *', '"1/2/3" has too many slashes'],
    ['*/2/3 * * * *', '"*/2/3" has too many slashes'],
    ['*/0 * * * *', '"*/0" has a step of zero'],
    ['*/ * * * *', '"" is not a number'],
    ['*/-1 * * * *', '"-1" is not a number'],
    ['x5 * * * *', '"x5" is not a number'],
    ['5x * * * *', '"5x" is not a number'],
    ['-1 * * * *', '"" is not a number'],
    ['1- * * * *', '"" is not a number'],
    ['/5 * * * *', '"" is not a number'],
    ['0 0 L * *', '"L" is not a number'],
    ['0 0 15W * *', '"15W" is not a number'],
    ['0 0 * * 5#2', '"5#2" is not a number'],
    ['mon * * * *', '"mon" is not a number'],
    ['0 0 * january *', '"january" is not a number'],
    ['*/9223372036854775808 * * * *', '"9223372036854775808" is too large'],
    ['*/+9223372036854775808 * * * *', '"+9223372036854775808" is too large'],
    ['@reboot', '"@reboot" is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly and @every'],
    ['@daily ', '"@daily " is none of'],
    ['@every', '"@every" is none of'],
    ['@every ', '"" is not a duration such as 6h or 1h30m'],
    ['@every 1d', '"1d" is not a duration'],
    ['@every 1', '"1" is not a duration'],
    ['@every 1h 1m', '"1h 1m" is not a duration'],
    ['@every x1h', '"x1h" is not a duration'],
    ['@every 1h+1m', '"1h+1m" is not a duration'],
    ['@every --1h', '"--1h" is not a duration'],
    ['@every .h', '".h" is not a duration'],
    ['@every 2562048h', '"2562048h" is too long'],
    ['@every 9223372036854775808ns', '"9223372036854775808ns" is too long'],
    ['TZ=UTC', 'nothing follows its time zone'],
    ['CRON_TZ=UTC', 'nothing follows its time zone'],
    ['tz=UTC 0 3 * * *', 'it has 6 fields'],
  ])('B9: "%s" is refused: %s', (text, message) => {
    expect(() => parseCron(text)).toThrow(message);
  });

  it('B9: with one field has one field, and not one fields', () => {
    expect(() => parseCron('*')).toThrow(/^it has 1 field$/);
  });

  it('B9: may have more white space than it needs, of any kind that Go knows', () => {
    const wide = fieldsOf(' 1\t2\n3\v4\f5\r');
    expect([wide.minute, wide.hour, wide.dayOfMonth, wide.month, wide.dayOfWeek].map(valuesOf)).toEqual([
      [1],
      [2],
      [3],
      [4],
      [5],
    ]);
    const spaces = [0x85, 0xa0, 0x16_80, 0x20_28, 0x20_29, 0x20_2f, 0x20_5f, 0x30_00, ...from(0x20_00, 0x20_0a)];
    for (const space of spaces) {
      expect(valuesOf(fieldsOf(`1${String.fromCodePoint(space)}2 * * *`).hour)).toEqual([2]);
    }
    expect(() => parseCron('1\u{feff}2 * * *')).toThrow('it has 4 fields');
  });

  it.each([
    ['@yearly', '0 0 1 1 *'],
    ['@annually', '0 0 1 1 *'],
    ['@monthly', '0 0 1 * *'],
    ['@weekly', '0 0 * * 0'],
    ['@daily', '0 0 * * *'],
    ['@midnight', '0 0 * * *'],
    ['@hourly', '0 * * * *'],
  ])('B9: %s is short for %s', (short, long) => {
    const shown = ({ minute, hour, dayOfMonth, month, dayOfWeek }: CronFields) =>
      [minute, hour, dayOfMonth, month, dayOfWeek].map((field) => [valuesOf(field), field.isStar]);
    expect(shown(fieldsOf(short))).toEqual(shown(fieldsOf(long)));
  });

  it('B9: may name the time zone in which it is read', () => {
    expect(parseCron('0 3 * * *')).not.toHaveProperty('timeZone');
    expect(fieldsOf('TZ=Europe/Berlin 0 3 * * *').timeZone).toBe('Europe/Berlin');
    expect(fieldsOf('CRON_TZ=UTC \t0 3 * * *\u{a0} ').timeZone).toBe('UTC');
    expect(fieldsOf('CRON_TZ=UTC \t@daily\u{a0} ').timeZone).toBe('UTC');
    expect(fieldsOf('TZ= 0 3 * * *').timeZone).toBe('UTC');
    expect(fieldsOf('TZ=UTC 0\n3 * * *').timeZone).toBe('UTC');
    expect(valuesOf(fieldsOf('TZ=UTC 0 3\n* * *').hour)).toEqual([3]);
    expect(valuesOf(fieldsOf('TZ=UTC 0 3\n* * mon').dayOfWeek)).toEqual([1]);
    expect(() => parseCron('xTZ=UTC 0 3 * * *')).toThrow('it has 6 fields');
    expect(parseCron('CRON_TZ=UTC @every 1h')).toEqual({ kind: 'every', everyMs: 3_600_000 });
  });

  it.each([
    ['1h', 3_600_000],
    ['1h30m', 5_400_000],
    ['90m', 5_400_000],
    ['1.5h', 5_400_000],
    ['.25h', 900_000],
    ['12h', 43_200_000],
    ['1.25h10.5m', 5_130_000],
    ['.5h', 1_800_000],
    ['1.h', 3_600_000],
    ['+1m', 60_000],
    ['2500ms', 2_000],
    ['2000001us', 2_000],
    ['2000001µs', 2_000],
    ['2000001μs', 2_000],
    ['3000000000ns', 3_000],
    ['10s', 10_000],
    ['10ns', 1_000],
    ['0', 1_000],
    ['-1h', 1_000],
    ['2562047h', 2_562_047 * 3_600_000],
  ])('B9: "@every %s" comes round every %i ms', (duration, everyMs) => {
    expect(parseCron(`@every ${duration}`)).toEqual({ kind: 'every', everyMs });
  });
});
