import { describe, expect, it } from 'vitest';
import { elapsedMs, readingMs } from './gap.ts';

const at = (monotonicMs: number) => ({ utc: '2026-01-15T00:00:00.000Z', monotonicMs });

describe('the reading of a moment', () => {
  it('is that of the monotonic clock', () => {
    expect(readingMs(at(7))).toBe(7);
    expect(elapsedMs(at(3), at(10))).toBe(7);
  });

  it('is not a number where the moment is not known', () => {
    expect(readingMs(null)).toBeNaN();
    expect(elapsedMs(null, at(10))).toBeNaN();
    expect(elapsedMs(at(3), null)).toBeNaN();
  });
});
