import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SizePoint } from '../model/record.ts';
import { fitCost } from './recovery-time.ts';

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

  it('has all the figures of a line through four points', () => {
    const points = [13_000, 21_500, 43_000, 81_000].map((y, index) => point(2 ** index, y));
    const fit = fitCost(points, restoreMs, 50 * GIB);
    expect(fit.fixedMs).toBeCloseTo(2_891.304, 3);
    expect(fit.msPerGiB).toBeCloseTo(9_795.652, 3);
    expect(fit.residualsMs.map(Math.round)).toEqual([313, -983, 926, -257]);
    expect(fit.rSquared).toBeCloseTo(0.999_28, 6);
    expect(fit.expectedMs).toBeCloseTo(492_673.913, 3);
    expect(fit.upperMs).toBeCloseTo(517_988.611, 3);
    expect(fit.tooPoor).toBeUndefined();
  });

  it('takes the cost that it is asked for', () => {
    const points = [1, 2, 4, 8].map((gib) => ({ ...point(gib, 1), backupMs: 10 * gib }));
    expect(fitCost(points, ({ backupMs }) => backupMs, GIB).msPerGiB).toBeCloseTo(10, 6);
  });

  it('has no bound where there is no spread, and no cost where there are no points', () => {
    const same = fitCost([point(2, 10), point(2, 30)], restoreMs, 4 * GIB);
    expect(same).toMatchObject({ msPerGiB: 0, fixedMs: 20, upperMs: Number.POSITIVE_INFINITY });
    expect(same.tooPoor).toBe('it was measured at 1 size; a fit needs 4');
    expect(fitCost([point(2, 10), point(2, 30)], restoreMs, 2 * GIB).upperMs).toBe(Number.POSITIVE_INFINITY);
    const none = fitCost([], restoreMs, GIB);
    expect(none).toMatchObject({ fixedMs: 0, msPerGiB: 0, rSquared: 0 });
    expect(none.tooPoor).toBe('it was measured at 0 sizes; a fit needs 4');
    const two = fitCost([point(1, 10), point(2, 20)], restoreMs, GIB);
    expect(two.upperMs).toBe(Number.POSITIVE_INFINITY);
    expect(two.tooPoor).toBe('it was measured at 2 sizes; a fit needs 4');
    const flat = fitCost(
      [1, 2, 4, 8].map((gib) => point(gib, 7)),
      restoreMs,
      GIB,
    );
    expect(flat).toMatchObject({ rSquared: 0, tooPoor: 'the cost does not grow with the size' });
  });

  it('is good enough from a spread of four and from 90 % explained', () => {
    const spread = (largest: number) =>
      fitCost(
        [1, 1.5, 2, largest].map((gib) => point(gib, gib * 10)),
        restoreMs,
        GIB,
      ).tooPoor;
    expect(spread(4)).toBeUndefined();
    const small = [1, 2, 4, 8].map((mib) => point(mib / 1_024, mib * 10));
    expect(fitCost(small, restoreMs, GIB).tooPoor).toBeUndefined();
    expect(spread(3.99)).toBe('the sizes differ by less than a factor of 4');
    const scattered = (last: number) =>
      fitCost([point(1, 10), point(2, 20), point(4, 40), point(8, last)], restoreMs, GIB);
    expect(scattered(41)).toMatchObject({ tooPoor: 'the fit explains only 74 % of the cost' });
    const justEnough = [1, 1, 2, 3, 3].map((y, index) => point(index + 1, y));
    expect(fitCost(justEnough, restoreMs, GIB)).toMatchObject({ rSquared: 0.9, tooPoor: undefined });
    expect(scattered(52).rSquared).toBeGreaterThan(0.9);
    expect(scattered(52).tooPoor).toBeUndefined();
  });

  it('uses the normal quantile where the table of Student ends', () => {
    const points = Array.from({ length: 40 }, (_, index) => point(index + 1, (index + 1) * 10 + (index % 2)));
    const fit = fitCost(points, restoreMs, 20.5 * GIB);
    const sse = fit.residualsMs.reduce((total, residual) => total + residual ** 2, 0);
    expect(fit.upperMs - fit.expectedMs).toBeCloseTo(1.645 * Math.sqrt((sse / 38) * (1 + 1 / 40)), 9);
  });
});
