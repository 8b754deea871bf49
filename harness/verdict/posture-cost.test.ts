import { describe, expect, it } from 'vitest';
import type { CostLine, CostObservation } from '../model/cost.ts';
import { type PostureRecord, postureRecordSchema } from '../model/posture.ts';
import { judgeCheck, judgePosture } from './posture.ts';
import { monthAboveBudget } from './posture-cost.ts';

const line = (changed: Partial<CostLine> = {}): CostLine => ({
  item: 's3://backups/nats/: storage in STANDARD',
  quantity: '100',
  unit: 'GB-month',
  unitPrice: '0.023',
  perMonth: '2.3',
  basis: 'CronJob agents/nats-backup',
  ...changed,
});

const declared = (perMonth: string, item = 'standby'): CostLine =>
  line({ item, quantity: '1', unit: 'month', unitPrice: perMonth, perMonth });

function observed(lines: readonly CostLine[], total: string, changed: Partial<CostObservation> = {}): CostObservation {
  const observation = {
    kind: 'cost' as const,
    at: '2026-11-29T03:00:00.000Z',
    lines: [...lines],
    total,
    budget: { amount: '20', currency: 'USD' },
    prices: {
      source: 'https://aws.amazon.com/s3/pricing/',
      date: '2025-06-01',
      currency: 'USD',
      region: 'us-west-2',
    },
    growth: null,
    undecided: [],
    notCounted: ['taxes'],
    ...changed,
  };
  postureRecordSchema.parse(recordOf(observation));
  return observation;
}

/** Returns a record whose one check observed that. */
function recordOf(observation: CostObservation): PostureRecord {
  return {
    contract: { name: 'off-site', owner: 'platform', controls: [] },
    appliedBy: null,
    at: '2026-11-29T03:00:00.000Z',
    durationMs: 1,
    applyMs: null,
    checks: [
      {
        name: 'cost',
        promise: 'The cost of backups stays within 20 USD a month',
        condition: 'cost',
        durationMs: 1,
        observation,
        failure: null,
        verdict: 'met',
        sentence: 'all is well',
      },
    ],
    expectedChecks: ['cost'],
    verdict: 'met',
  };
}

const judged = (observation: CostObservation) =>
  judgeCheck({ promise: 'The cost of backups stays within 20 USD a month', observation, failure: null });

describe('a cost against its budget', () => {
  it('is met with a fifth to spare, and says the total, the budget, the difference, the lines and what is not counted', () => {
    expect(judged(observed([line(), declared('1.5')], '3.8'))).toEqual({
      verdict: 'met',
      cause: undefined,
      sentence:
        'The cost of backups stays within 20 USD a month: 3.80 USD a month of the budget of 20 USD, 16.20 USD below it: 2.30 USD for s3://backups/nats/: storage in STANDARD; 1.50 USD for standby (not counted: taxes).',
    });
  });

  it('is met at exactly four fifths of it, and at risk above', () => {
    expect(judged(observed([declared('16')], '16')).verdict).toBe('met');
    expect(judged(observed([declared('16.000001')], '16.000001'))).toMatchObject({
      verdict: 'at-risk',
      cause: 'within-a-fifth',
    });
    expect(judged(observed([declared('20')], '20'))).toMatchObject({
      verdict: 'at-risk',
      sentence: expect.stringContaining('20 USD a month of the budget of 20 USD, all of it'),
    });
  });

  it('is breached above it, however little it is', () => {
    expect(judged(observed([declared('20.000001')], '20.000001'))).toMatchObject({
      verdict: 'breached',
      cause: 'cost-above-budget',
      sentence: expect.stringContaining('20 USD a month of the budget of 20 USD, 0.000001 USD above it'),
    });
    expect(judged(observed([declared('22.5')], '22.5')).sentence).toContain('2.50 USD above it');
  });

  it('names the three biggest lines, the biggest first', () => {
    const lines = [declared('1', 'a'), declared('3', 'b'), declared('2', 'c'), declared('0.5', 'd')];
    expect(judged(observed(lines, '6.5')).sentence).toContain(
      '3 USD for b; 2 USD for c; 1 USD for a; and 1 smaller line',
    );
  });

  it('is unproven when nothing was counted', () => {
    expect(judged(observed([], '0'))).toMatchObject({ verdict: 'unproven', cause: 'not-looked-at' });
    const undecided = [{ item: 's3://backups/nats/', reason: 'no recovery point lies there' }];
    expect(judged(observed([], '0', { undecided }))).toMatchObject({
      verdict: 'unproven',
      cause: 'cost-unknown',
      sentence: expect.stringContaining('s3://backups/nats/: no recovery point lies there'),
    });
  });

  it('is unproven when a part could not be computed, and breached when the rest is above the budget already', () => {
    const undecided = [{ item: 's3://backups/nats/', reason: 'no recovery point lies there' }];
    expect(judged(observed([declared('1')], '1', { undecided }))).toMatchObject({
      verdict: 'unproven',
      cause: 'cost-unknown',
    });
    expect(judged(observed([declared('21')], '21', { undecided }))).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringContaining('could not be computed: s3://backups/nats/'),
    });
  });
});

describe('an estimate that contradicts itself is unproven', () => {
  it.each([
    ['a product', observed([line({ perMonth: '2.2' })], '2.2'), '100 × 0.023 is 2.3'],
    ['a sum', observed([line(), declared('1.5')], '3.7'), 'the lines add up to 3.8'],
    ['a sum above the budget', observed([line()], '30'), 'the lines add up to 2.3'],
    ['no line and a total', observed([], '3'), 'the lines add up to 0'],
    [
      'another currency',
      observed([line()], '2.3', { budget: { amount: '20', currency: 'EUR' } }),
      'the prices are in USD, and the budget is in EUR',
    ],
    ['no price table', observed([line()], '2.3', { prices: null }), 'no price table is named'],
    [
      'growth',
      observed([line({ growsPercentPerMonth: '10' })], '2.3'),
      'grows, but the record says that no growth is known',
    ],
    [
      'a month',
      observed([line({ growsPercentPerMonth: '10' })], '2.3', {
        growth: { basis: 'declared', said: '10 % a month, as declared', exceedsIn: null },
      }),
      'the lines say 2028-10',
    ],
  ])('%s', (_, observation, said) => {
    expect(judged(observation)).toMatchObject({
      verdict: 'unproven',
      cause: 'proof-missing',
      sentence: expect.stringContaining(said),
    });
  });
});

describe('growth', () => {
  const grows = (percent: string) =>
    line({ quantity: '10', unitPrice: '1', perMonth: '10', growsPercentPerMonth: percent });
  const at = new Date('2026-11-29T03:00:00.000Z');
  const budget = { units: 20n, places: 0 };

  it('that was measured adds the same amount each month, declared growth the same percentage', () => {
    // 10, 11, 12, … 20 is not above the budget; 21 is: eleven months.
    expect(monthAboveBudget([grows('10')], 'measured', budget, at)).toBe('2027-10');
    // 1.1^7 = 1.9487, 1.1^8 = 2.1436.
    expect(monthAboveBudget([grows('10')], 'declared', budget, at)).toBe('2027-07');
  });

  it('leaves lines alone that do not grow', () => {
    expect(monthAboveBudget([grows('10'), declared('9')], 'measured', budget, at)).toBe('2027-01');
    expect(monthAboveBudget([declared('9')], 'measured', budget, at)).toBeNull();
  });

  it('names no month after ten years, without growth, and where the budget is exceeded already', () => {
    expect(monthAboveBudget([grows('0.01')], 'measured', budget, at)).toBeNull();
    expect(monthAboveBudget([grows('0')], 'declared', budget, at)).toBeNull();
    expect(monthAboveBudget([grows('10'), declared('11')], 'declared', budget, at)).toBeNull();
  });

  it('is in the sentence with its month', () => {
    const growth = { basis: 'measured' as const, said: 'sizes by 10 % a month', exceedsIn: '2027-10' };
    expect(judged(observed([grows('10')], '10', { growth }))).toMatchObject({
      verdict: 'met',
      sentence: expect.stringContaining(
        'Growth: sizes by 10 % a month; if it goes on, the budget is exceeded in 2027-10',
      ),
    });
  });
});

it('a record judged again adds the lines again, and halts for the cost', () => {
  const record = judgePosture(recordOf(observed([declared('21')], '1')));
  expect(record.verdict).toBe('unproven');
  expect(record.checks[0]).toMatchObject({ halts: 'cost', owner: 'platform' });
});
