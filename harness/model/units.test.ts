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

  it('adds up its parts', () => {
    const part = fc.tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const texts = parts.map(([value, unit]) => `${value}${unit}`);
        const sum = texts.reduce((total, text) => total + parseDurationMs(text), 0);
        expect(parseDurationMs(texts.join(''))).toBe(sum);
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

  it.each(['-5GiB', '0B', '50', '50 gigs', 'GiB'])('refuses "%s"', (text) => {
    expect(() => parseSizeBytes(text)).toThrow(/expected a positive size such as 512MiB/);
  });

  it('is shown in binary units', () => {
    expect([0, 1_023, 1_024, 1_572_864].map(formatSize)).toEqual(['0 B', '1023 B', '1.0 KiB', '1.5 MiB']);
  });
});
