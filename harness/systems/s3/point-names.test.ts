import { describe, expect, it } from 'vitest';
import { pointNameOf, readerOfPattern } from './point-names.ts';

const DAY_MS = 86_400_000;
const utc = (text: string) => Date.parse(text);

describe('the name of a recovery point', () => {
  it.each([
    ['20260215T021500Z', '2026-02-15T02:15:00Z'],
    ['20260215T021500.123456789Z', '2026-02-15T02:15:00.123Z'],
    ['2026-02-15T02:15:00Z', '2026-02-15T02:15:00Z'],
    ['2026-02-15T02-15-00Z', '2026-02-15T02:15:00Z'],
    ['2026-02-15T02:15:00+00:00', '2026-02-15T02:15:00Z'],
    ['2026-02-15T02:15:00+0100', '2026-02-15T01:15:00Z'],
    ['2026-02-15T02:15:00-05:00', '2026-02-15T07:15:00Z'],
    ['20260215T0215Z-all.tar.zst', '2026-02-15T02:15:00Z'],
    ['2026-02-15T02:15:00+01', '2026-02-15T01:15:00Z'],
    ['1771121700', '2026-02-15T02:15:00Z'],
    ['backup-1771121700.tgz', '2026-02-15T02:15:00Z'],
    ['1771121700123', '2026-02-15T02:15:00.123Z'],
  ])('C09: "%s" says when its capture began', (name, at) => {
    expect(pointNameOf(name)).toEqual({ name, fromMs: utc(at), untilMs: utc(at), hasZone: true });
  });

  it.each([
    '2026-02-15-02-15-00',
    '2026_02_15_02_15_00',
    '2026-02-15_02-15-00',
    '2026-02-15 02:15:00',
    '2026-02-15T02h15m00',
    '20260215-021500',
    '20260215_0215',
    '202602150215',
    'dump-20260215021500.sql',
  ])('C09: "%s" says it without a zone', (name) => {
    const at = utc('2026-02-15T02:15:00Z');
    expect(pointNameOf(name)).toEqual({ name, fromMs: at, untilMs: at, hasZone: false });
  });

  it.each(['2026-02-15', '20260215', '2026_02_15', '2026.02.15', 'orders-2026-02-15.tar.gz', 'dump_20260215.sql.gz'])(
    'C09: "%s" says only on which day',
    (name) => {
      const fromMs = utc('2026-02-15T00:00:00Z');
      expect(pointNameOf(name)).toEqual({ name, fromMs, untilMs: fromMs + DAY_MS, hasZone: false });
    },
  );

  it.each([
    ...[
      '20260230T021500Z',
      '2026-02-30',
      '20261315T021500Z',
      '2026-00-15',
      '2026-02-15T24:15:00Z',
      '2026-02-15T02:60:00Z',
    ],
    ...['2026021524', '3141592653', '2034000000', 'acct-4100000000000', '2026-02-15_13-15-PM'],
    ...['dabc1234', 'latest', 'v1.20.3', '123456789012', '9920260215', '202602151', '4999999999', ''],
  ])('C09: "%s" says nothing, or a time that there is not', (name) => {
    expect(pointNameOf(name)).toBeUndefined();
  });

  it.each([
    ['orders-2026021502.tar', '2026-02-15T02:00:00Z'],
    ['2026021523', '2026-02-15T23:00:00Z'],
  ])('C07, C09: "%s" names an hour, and no second since 1970', (name, at) => {
    const fromMs = Date.parse(at);
    expect(pointNameOf(name)).toEqual({ name, fromMs, untilMs: fromMs + 3_600_000, hasZone: false });
  });

  it.each([
    ['2026-02-15_02-15-PM.tar', '2026-02-15T14:15:00Z'],
    ['2026-02-15_12-15-00_am.tar', '2026-02-15T00:15:00Z'],
    ['2026-02-15_02-15-amended.tar', '2026-02-15T02:15:00Z'],
    ['20260215-021500-01.tar', '2026-02-15T02:15:00Z'],
  ])('C09: "%s" names a half of the day, or the number of a try', (name, at) => {
    expect(pointNameOf(name)).toMatchObject({ fromMs: Date.parse(at), hasZone: false });
  });

  it('C09: is that of the first folder, or of an object that lies in none', () => {
    expect(pointNameOf('20260215T021500Z/streams.tar')?.name).toBe('20260215T021500Z/');
    expect(pointNameOf('orders-2026-02-15.tar.gz')?.name).toBe('orders-2026-02-15.tar.gz');
    expect(pointNameOf('daily/20260215T021500Z/streams.tar')).toBeUndefined();
  });
});

describe('a pattern of the author', () => {
  it.each([
    ['orders-%d%m%Y.tar.gz', 'orders-15022026.tar.gz', 'orders-15022026.tar.gz', '2026-02-15T00:00:00Z'],
    ['%Y/%m/%d/', '2026/02/15/streams.tar', '2026/02/15/', '2026-02-15T00:00:00Z'],
    ['%Y/%m/%d', '2026/02/15/streams.tar', '2026/02/15/', '2026-02-15T00:00:00Z'],
    ['daily/%FT%T%z/', 'daily/2026-02-15T02:15:00+01:00/a', 'daily/2026-02-15T02:15:00+01:00/', '2026-02-15T01:15:00Z'],
    ['*_%s.tgz', 'orders_1771121700.tgz', 'orders_1771121700.tgz', '2026-02-15T02:15:00Z'],
    ['a+(b).%F', 'a+(b).2026-02-15', 'a+(b).2026-02-15', '2026-02-15T00:00:00Z'],
    ['100%%-%F', '100%-2026-02-15', '100%-2026-02-15', '2026-02-15T00:00:00Z'],
  ])('C09: "%s" reads "%s"', (pattern, key, name, at) => {
    expect(readerOfPattern(pattern)(key)).toMatchObject({ name, fromMs: utc(at) });
  });

  it.each([
    ['orders-%F.tar.gz', 'payments-2026-02-15.tar.gz'],
    ['orders-%F.tar.gz', 'orders-2026-02-15.tar.gz.sha256'],
    ['orders-%F.tar.gz', 'orders-2026-02-30.tar.gz'],
    ['%F/', '2026-02-15'],
    ['a.%F', 'ab2026-02-15'],
  ])('C09: "%s" leaves "%s" unread', (pattern, key) => {
    expect(readerOfPattern(pattern)(key)).toBeUndefined();
  });

  it.each([
    ['%Y-%m', /names no day/],
    ['%j', /%j is none of them/],
    ['%F-%d', /%d twice/],
    ['backup', /names no day/],
    ['%F-%', /% is none of them/],
  ])('C09: "%s" is refused, and the sentence says why', (pattern, message) => {
    expect(() => readerOfPattern(pattern)).toThrow(message);
  });
});
