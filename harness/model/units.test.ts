import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from './units.ts';

describe('a duration as people write it', () => {
  it.each([
    ['250ms', 250],
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['25h', 90_000_000],
    ['2d', 172_800_000],
    ['1.5h', 5_400_000],
  ])('%s is %i ms', (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs);
  });

  it.each(['15 minuts', '15', 'm', '-5m', '0s', '', '5m later', '5 m', '1h-30m'])(
    'refuses "%s" and says what it wants',
    (text) => {
      expect(() => parseDurationMs(text, 'contract "x", rto')).toThrow(
        /contract "x", rto: expected a duration such as 90s, 15m/,
      );
    },
  );

  it.each([
    ['1h1h', 'twice'],
    ['15m90s', '90s after a larger unit'],
    ['1h60m', '60m after a larger unit'],
    ['1d24h', '24h after a larger unit'],
    ['1s1000ms', '1000ms after a larger unit'],
    ['30m1h', 'h after a smaller unit'],
    ['1m1h1m', 'h after a smaller unit'],
    ['1.5h30m', 'fraction'],
    ['0.5ms', 'whole number of milliseconds'],
    ['0.0001s', 'whole number of milliseconds'],
    ['36501d', 'hundred years'],
    ['99999999999999999999999h', 'hundred years'],
    ['0m', 'no time at all'],
    ['0.0s', 'no time at all'],
    ['NaNs', 'found "NaNs"'],
    ['Infinityd', 'found "Infinityd"'],
    ['1e3s', 'found "1e3s"'],
    ['+5m', 'found "+5m"'],
    ['5M', 'found "5M"'],
    [' 5m', 'found " 5m"'],
    ['٥m', 'found "٥m"'],
  ])('B30: refuses "%s", in which there is a slip (%s)', (text, observed) => {
    expect(() => parseDurationMs(text)).toThrow(observed);
  });

  it.each([
    ['1h59m59s999ms', 7_199_999],
    ['1d23h', 169_200_000],
    ['90m', 5_400_000],
    ['100h', 360_000_000],
    ['1h0m', 3_600_000],
    ['2h1.5s', 7_201_500],
    ['0.7h', 2_520_000],
    ['36500d', 3_153_600_000_000],
  ])('B30: %s is still %i ms', (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs);
  });

  it.each(['0', '0s', '0m', '0h0m'])('takes "%s" for nothing only where nothing can be promised', (text) => {
    expect(parseDurationMs(text, 'rpo', 'allowed')).toBe(0);
    expect(() => parseDurationMs(text, 'rto')).toThrow('rto');
  });

  it('adds up its parts', () => {
    const parts = fc.tuple(
      fc.nat({ max: 400 }),
      fc.nat({ max: 23 }),
      fc.nat({ max: 59 }),
      fc.nat({ max: 59 }),
      fc.nat({ max: 999 }),
    );
    fc.assert(
      fc.property(parts, fc.subarray([0, 1, 2, 3, 4], { minLength: 1 }), (values, chosen) => {
        const units = ['d', 'h', 'm', 's', 'ms'];
        const sizes = [86_400_000, 3_600_000, 60_000, 1_000, 1];
        const text = chosen.map((index) => `${values[index]}${units[index]}`).join('');
        const sum = chosen.reduce((total, index) => total + (values[index] ?? 0) * (sizes[index] ?? 0), 0);
        expect(parseDurationMs(text, 'sum', 'allowed')).toBe(sum);
      }),
    );
  });

  it('B30: a unit that stands twice or before a larger one is refused, whatever the numbers', () => {
    const part = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'));
    const sizes = ['ms', 's', 'm', 'h', 'd'];
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 4 }), (parts) => {
        const order = parts.map(([, unit]) => sizes.indexOf(unit));
        fc.pre(order.some((size, index) => index > 0 && size >= (order[index - 1] ?? 0)));
        expect(() => parseDurationMs(parts.map(([value, unit]) => `${value}${unit}`).join(''))).toThrow();
      }),
    );
  });

  it.each([
    [0, '0 s'],
    [12, '12 ms'],
    [0.2, '1 ms'],
    [1_240, '1.2 s'],
    [59_990, '1 min'],
    [61_000, '1 min 1 s'],
    [900_000, '15 min'],
    [93_600_000, '1 d 2 h'],
  ])('%d ms is shown as %s', (durationMs, shown) => {
    expect(formatDuration(durationMs)).toBe(shown);
  });
});

describe('a size as people write it', () => {
  it.each([
    ['512B', 512],
    ['50GiB', 53_687_091_200],
    ['1.5MB', 1_500_000],
    ['4 MiB', 4_194_304],
  ])('%s is %i bytes', (text, sizeBytes) => {
    expect(parseSizeBytes(text)).toBe(sizeBytes);
  });

  it.each([
    '-5GiB',
    '0B',
    '50',
    '50 gigs',
    'GiB',
    '1.5B',
    '0.0000001kB',
    '99999TiB',
    'NaNB',
    '1GiB1MiB',
    '5gib',
    '1,5GiB',
  ])('refuses "%s"', (text) => {
    expect(() => parseSizeBytes(text)).toThrow(/expected a positive size such as 512MiB/);
  });

  it('is shown in binary units', () => {
    expect([0, 1_023, 1_024, 1_572_864].map(formatSize)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.5 MiB']);
  });
});
