import { describe, expect, it } from 'vitest';
import { DistributionCollector } from './distribution.ts';

const collected = (values: readonly (readonly [valueMs: number, atLeast?: boolean])[], objectiveMs = 100) => {
  const collector = new DistributionCollector();
  for (const [valueMs, atLeast = false] of values) collector.add({ valueMs, atLeast }, objectiveMs);
  return collector;
};

describe('the distribution of a figure', () => {
  it('states quantiles that drills had, and none between them', () => {
    const values = Array.from({ length: 20 }, (_, index) => [index + 1] as const);
    expect(collected(values.toReversed()).result()).toMatchObject({
      drills: 20,
      minMs: 1,
      medianMs: 10,
      p95Ms: 19,
      maxMs: 20,
      within: 20,
    });
  });

  it('counts a drill that gave up as not within the objective, however early it did', () => {
    expect(collected([[10], [20, true]]).result()).toMatchObject({ drills: 2, atLeast: 1, within: 1 });
  });

  it('gate-9: shows lower bounds apart from the values that were measured to the end', () => {
    expect(collected([[10], [20], [500, true], [900, true]]).result()).toMatchObject({
      drills: 4,
      atLeast: 2,
      leastMs: 500,
      mostLeastMs: 900,
      minMs: 10,
      p95Ms: 20,
      maxMs: 20,
      within: 2,
      withinShareAtLeast: expect.closeTo(0.0976, 4),
    });
    expect(collected([[500, true]]).result()).toMatchObject({ drills: 1, medianMs: null, maxMs: null, leastMs: 500 });
  });

  it('compares each drill with the objective that held for it', () => {
    const collector = collected([[90]], 100);
    collector.add({ valueMs: 90, atLeast: false }, 80);
    expect(collector.result()).toMatchObject({ within: 1, objectiveMs: 80 });
  });

  it('says nothing of no drills', () => {
    const collector = collected([]);
    collector.leaveOut();
    expect(collector.result()).toMatchObject({ drills: 0, maxMs: null, withinShareAtLeast: null, notCompared: 1 });
  });

  // If all n are kept, the bound is 0.05 to the power of 1/n. The other values are from tables of the interval.
  it.each([
    [1, 1, 0.05],
    [10, 10, 0.7411],
    [59, 59, 0.9505],
    [9, 10, 0.6058],
    [0, 7, 0],
    [1000, 1000, 0.997],
    [950, 1000, 0.9371],
  ])('bounds the share of %i in %i from below', (successes, trials, least) => {
    const values = Array.from({ length: trials }, (_, index) => [index < successes ? 90 : 110] as const);
    expect(collected(values).result().withinShareAtLeast).toBeCloseTo(least, 3);
  });
});
