import { describe, expect, it } from 'vitest';
import { parseGoDurationMs, veleroTtl } from './ttl.ts';

const DAY_MS = 86_400_000;

describe('the ttl of a Velero Schedule', () => {
  it.each([undefined, '0s', '0', '0h0m0s', '-0s'])('B25: %s means the default of 30 days', (ttl) => {
    expect(veleroTtl(ttl)).toEqual({ keptMs: 30 * DAY_MS, problem: undefined, assumedDefault: true });
  });

  it.each([
    ['720h0m0s', 30 * DAY_MS],
    ['48h0m0s', 2 * DAY_MS],
    ['1h90m', 9_000_000],
    ['1500ms', 1_500],
  ])('B25: %s is kept as Go reads it', (ttl, keptMs) => {
    expect(veleroTtl(ttl)).toEqual({ keptMs, problem: undefined, assumedDefault: false });
  });

  it.each(['30d', '720', '', 'forever', '1h 2m', '3000000h'])('B25: "%s" is a problem of the Schedule', (ttl) => {
    expect(veleroTtl(ttl)).toMatchObject({ keptMs: null, problem: expect.stringContaining(`"${ttl}"`) });
  });

  it('B25: a negative one keeps nothing', () => {
    expect(veleroTtl('-1h')).toMatchObject({ keptMs: 0, problem: expect.stringContaining('at once') });
  });
});

// Cases of Go's own test, src/time/time_test.go.
it.each([
  ['0', 0],
  ['5s', 5_000],
  ['+5s', 5_000],
  ['-5s', -5_000],
  ['5.', undefined],
  ['5.s', 5_000],
  ['.5s', 500],
  ['1.004s', 1_004],
  ['10.5s4m', 250_500],
  ['52763797000ns', 52_763.797],
  ['.', undefined],
  ['-', undefined],
  ['.s', undefined],
  ['+.s', undefined],
  ['3000h', 10_800_000_000],
])('Go reads %s as %s ms', (text, durationMs) => {
  const read = parseGoDurationMs(text);
  if (durationMs === undefined) expect(read).toBeUndefined();
  else expect(read).toBeCloseTo(durationMs, 6);
});
