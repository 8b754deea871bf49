import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SizePoint } from '../model/record.ts';
import { fitCost } from './size-fit.ts';

const GIB = 2 ** 30;
const point = (gib: number, restoreMs: number): SizePoint => ({ sizeBytes: gib * GIB, restoreMs, backupMs: 0 });
const restoreMs = (p: SizePoint) => p.restoreMs;

describe('the fit of cost against size', () => {
  it('recovers an exact line, and its upper bound is the line itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 9_000 }), (fixed, slope) => {
        const fit = fitCost(
          [1, 2, 4, 8].map((gib) => point(gib, fixed + slope * gib)),
          restoreMs,
          50 * GIB,
        );
        expect(fit.tooPoor).toBeUndefined();
        expect(fit.msPerGiB).toBeCloseTo(slope, 5);
        expect(fit.upperMs).toBeCloseTo(fixed + slope * 50, 2);
      }),
    );
  });

  it('has an upper bound that is never below the expectation, and grows with the distance', () => {
    const noise = fc.array(fc.integer({ min: -200, max: 200 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(noise, (errors) => {
        const points = [1, 2, 4, 8].map((gib, index) => point(gib, 1_000 * gib + 500 + (errors[index] ?? 0)));
        const near = fitCost(points, restoreMs, 10 * GIB);
        const far = fitCost(points, restoreMs, 100 * GIB);
        expect(near.upperMs).toBeGreaterThanOrEqual(near.expectedMs);
        expect(far.upperMs - far.expectedMs).toBeGreaterThanOrEqual(near.upperMs - near.expectedMs);
      }),
    );
  });

  it.each([
    ['one size', [point(1, 10)], /at 1 size/],
    ['sizes close together', [1, 1.1, 1.2, 1.3].map((gib) => point(gib, gib)), /less than a factor of 4/],
    ['a cost that does not grow', [1, 2, 4, 8].map((gib) => point(gib, 100 - gib)), /does not grow/],
    ['scattered costs', [point(1, 100), point(2, 900), point(4, 50), point(8, 600)], /explains only/],
  ])('is too poor to judge by with %s', (_, points, reason) => {
    expect(fitCost(points, restoreMs, 50 * GIB).tooPoor).toMatch(reason);
  });

  it('matches a textbook prediction interval', () => {
    // x = 1..5, y = 2, 4, 5, 4, 5: slope 0.6, intercept 2.2, s² = 0.8, t(3) = 2.353; at x = 6: 5.8 + t·√(0.8·(1 + 1/5 + 9/10)).
    const points = [2, 4, 5, 4, 5].map((y, index) => point(index + 1, y));
    const fit = fitCost(points, restoreMs, 6 * GIB);
    expect(fit.expectedMs).toBeCloseTo(5.8, 6);
    expect(fit.upperMs).toBeCloseTo(5.8 + 2.353 * Math.sqrt(0.8 * 2.1), 6);
  });
});
