import { describe, expect, it } from 'vitest';
import { beyondChance, costFigure } from './cost.ts';
import { holds } from './figures.ts';

const BARE = [1_000, 1_000, 1_000, 1_000, 1_000];

describe("B32: the cost of the harness is the median of a drill's processor time over that of its scripts", () => {
  it('holds up to 1.05', () => {
    expect(holds(costFigure([1_050, 1_050, 1_050, 1_050, 1_050], BARE))).toBe(true);
    expect(holds(costFigure([1_060, 1_060, 1_060, 1_060, 1_060], BARE))).toBe(false);
  });

  it('is not decided by two disturbed pairs of five', () => {
    expect(costFigure([4_000, 1_020, 1_010, 9_000, 1_030], BARE).value).toBe(1.03);
  });

  it('fails a short run only if nine of ten pairs are above the bound', () => {
    const bare = [...BARE, ...BARE];
    const above = (pairs: number) => bare.map((ms, pair) => (pair < pairs ? ms * 1.2 : ms));
    expect(holds(beyondChance(costFigure(above(8), bare)))).toBe(true);
    expect(holds(beyondChance(costFigure(above(9), bare)))).toBe(false);
    expect(beyondChance(costFigure(above(9), bare)).value).toBe(1.2);
  });

  it('compares a drill with the bare calls of its own pair', () => {
    expect(costFigure([1_000, 2_000, 4_000], [1_000, 2_000, 4_000]).value).toBe(1);
  });

  it('does not hold when nothing was measured', () => {
    expect(holds(costFigure([], []))).toBe(false);
  });
});
