import { describe, expect, it } from 'vitest';
import { judge } from '../../verdict/judge.ts';
import { metRecord } from '../../verdict/testing/met-records.ts';
import { MEASUREMENT_VERSION } from '../entry.ts';
import { collectProofs } from './collect-proofs.ts';
import { judgeRegression, type RegressionSample, sampleOf } from './regression.ts';
import { DAY_MS, decide, ledgerOf, type MadeUpDrill, questionOf, run } from './testing/made-up-gate.ts';

const rule = { relativePercent: 25, absoluteMs: 10_000, runs: 10, since: {} };
const sample = (totalMs: number, sizeBytes = 1_000, restoreMs = totalMs): RegressionSample => ({
  totalMs,
  sizeBytes,
  restoreMs,
});
const stateOf = (tookMs: number, before: readonly number[], limits = rule) =>
  judgeRegression(
    sample(tookMs),
    before.map((ms) => sample(ms)),
    limits,
  ).state;
const MIN = 60_000;

describe('a regression', () => {
  it('needs five comparable runs: with fewer there is no baseline yet', () => {
    expect(stateOf(9 * MIN, [MIN, MIN, MIN, MIN])).toBe('no-baseline');
    expect(judgeRegression(sample(9 * MIN), [sample(MIN)], rule).sentence).toBe(
      'No baseline yet: 1 of the 5 comparable runs that it takes.',
    );
    expect(stateOf(9 * MIN, [MIN, MIN, MIN, MIN, MIN])).toBe('slower');
  });

  it('is slower than the median by more than the relative and by more than the absolute limit', () => {
    const minutes = [10, 10, 10, 10, 10].map((each) => each * MIN);
    expect([stateOf(12 * MIN, minutes), stateOf(12.6 * MIN, minutes)]).toEqual(['within', 'slower']);
    const seconds = [1, 1, 1, 1, 1].map((each) => each * 1_000);
    expect([stateOf(10_900, seconds), stateOf(11_100, seconds)]).toEqual(['within', 'slower']);
  });

  it('is none within the noise: 5 % or three standard deviations of the runs before', () => {
    const exact = { ...rule, relativePercent: 0.1, absoluteMs: 0 };
    expect([stateOf(104, [100, 100, 100, 100, 100], exact), stateOf(106, [100, 100, 100, 100, 100], exact)]).toEqual([
      'within',
      'slower',
    ]);
    // Median absolute deviation 10, so three sigmas are 44.5.
    const noisy = [80, 90, 100, 110, 120];
    expect([stateOf(144, noisy, exact), stateOf(145, noisy, exact)]).toEqual(['within', 'slower']);
  });

  it('compares with the median, so that one slow run changes little', () => {
    expect(
      stateOf(
        14 * MIN,
        [10, 10, 10, 10, 60].map((each) => each * MIN),
      ),
    ).toBe('slower');
  });

  it('looks at the last runs alone', () => {
    expect(stateOf(20 * MIN, [...Array(5).fill(10 * MIN), ...Array(10).fill(20 * MIN)])).toBe('within');
  });

  it('compares throughput where sizes differ', () => {
    const before = [1, 2, 3, 4, 5].map((size) => sample(size * MIN, size * 1_000_000));
    expect(judgeRegression(sample(10 * MIN, 10_000_000), before, rule)).toMatchObject({ state: 'within', runs: 5 });
    expect(judgeRegression(sample(20 * MIN, 10_000_000), before, rule)).toMatchObject({ state: 'slower' });
    expect(judgeRegression(sample(20 * MIN, 10_000_000), before, rule).sentence).toContain('by throughput');
  });
});

describe('what is compared', () => {
  it('is what was measured, without the budgets that the contract adds', () => {
    expect(sampleOf(metRecord(), MEASUREMENT_VERSION)).toEqual({
      sizeBytes: 4_096,
      restoreMs: 12_000,
      totalMs: 20_000,
    });
  });

  it('is never a figure of another measurement version, nor of a drill that did not recover', () => {
    expect(sampleOf(metRecord(), MEASUREMENT_VERSION + 1)).toContain(
      `measured by version ${MEASUREMENT_VERSION + 1}, today's by version ${MEASUREMENT_VERSION}`,
    );
    expect(
      sampleOf(
        metRecord((record) => {
          const [first] = record.phases;
          if (first) first.outcome = 'timed-out';
        }),
        MEASUREMENT_VERSION,
      ),
    ).toMatch(/did not complete/);
    expect(
      sampleOf(
        metRecord((record) => {
          record.failure = { stage: 's', blame: 'harness', messages: [], aborted: false };
        }),
        MEASUREMENT_VERSION,
      ),
    ).toMatch(/did not run/);
  });
});

describe('the baseline in a ledger', () => {
  const recorded = judge(metRecord());
  const fast = (wanted: MadeUpDrill = {}) =>
    run({
      ...wanted,
      recorded,
      change: (record) => {
        for (const phase of record.phases) phase.measuredMs *= 0.2;
        wanted.change?.(record);
      },
    });
  const days = (count: number, wanted: MadeUpDrill = {}) =>
    Array.from({ length: count }, (_, index) => fast({ ...wanted, agoMs: (20 + count - index) * DAY_MS })).flat();
  const state = async (bodies: Parameters<typeof decide>[0], policy = {}) =>
    (await decide(bodies, { policy })).promises[0]?.proofs[0]?.regression?.state;

  it('is made of runs on the same target, with the same concurrency, on the same kind of machine', async () => {
    expect(await state([...days(5), ...run()])).toBe('slower');
    const others: MadeUpDrill[] = [
      { target: 'docker' },
      {
        change: (record) => {
          record.environment.concurrentDrills = 2;
        },
      },
      {
        change: (record) => {
          record.environment.host.cpus = 64;
        },
      },
      { measurementVersion: MEASUREMENT_VERSION + 1 },
    ];
    for (const other of others)
      expect(await state([...days(5, other), ...run()]), JSON.stringify(other)).toBe('no-baseline');
  });

  it('never takes in a run that was a regression itself, so that slow runs do not become the rule', async () => {
    const slow = [5, 4, 3, 2, 1].flatMap((day) => run({ agoMs: day * DAY_MS }));
    expect(await state([...days(5), ...slow, ...run()])).toBe('slower');
  });

  it('begins anew for a contract where the policy says so', async () => {
    const policy = { regression: { since: { orders: '2026-01-20' } } };
    expect(await state([...days(5), ...run()], policy)).toBe('no-baseline');
    expect((await decide([...days(5), ...run()], { policy: { regression: 'off' } })).exitCode).toBe(0);
  });

  it('takes no more memory for a longer ledger', async () => {
    const question = questionOf();
    const sizeOf = async (count: number) => {
      const { drills } = await collectProofs(ledgerOf(days(count)), question);
      return [...drills.values()].flatMap(({ byTarget }) => [...byTarget.values()]).length;
    };
    expect([await sizeOf(5), await sizeOf(200)]).toEqual([1, 1]);
  });
});
