import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { summaryOf } from '../../model/errors.ts';
import { madeBy, measuredGrowth } from '../cost/object-life.ts';
import { pricesOfRegion, readPriceTable, requireCurrency } from '../cost/price-table.ts';
import { costWithin } from './cost.ts';

const items = [{ item: 'standby cluster', perMonth: '340 USD' }];
const job = { namespace: 'agents', name: 'backup' };
const below = (prefix: string, bucket = 'backups') => ({ bucket, prefix, madeBy: job });
const region = { storage: { STANDARD: { perGbMonth: 0.023 } }, requestsPerThousand: {} };
const table = { date: '2027-01-31', source: 'our contract', currency: 'USD', regions: { 'us-west-2': region } };

/** Writes the table to a file of the user. Returns the path. */
async function written(content: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-prices-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'prices.json');
  await writeFile(path, JSON.stringify(content));
  return path;
}

describe('what a contract gets wrong', () => {
  it.each([
    [
      'a budget without a currency',
      { budget: '20' },
      /budget: expected an amount and a currency, such as 20 USD, but found "20"/,
    ],
    ['a budget in words', { budget: 'twenty USD' }, /found "twenty USD"/],
    ['a negative budget', { budget: '-20 USD' }, /Write a number that is not negative/],
    [
      'an item in another currency',
      { items: [{ item: 'standby', perMonth: '340 EUR' }] },
      /expected an amount in USD, the currency of the budget, but it is in EUR/,
    ],
    [
      'an item that costs less than nothing',
      { items: [{ item: 'standby', perMonth: '-1 USD' }] },
      /check cost, standby: expected an amount/,
    ],
    ['growth without its time', { growth: '10%' }, /growth: expected a rate such as 10% per month, but found "10%"/],
    ['nothing that costs money', { items: [] }, /expected something that costs money/],
    ['an unknown option', { budgets: '20 USD' }, /unknown field "budgets"/],
  ])('%s', (_, wrong, message) => {
    expect(() => costWithin({ budget: '20 USD', items, ...wrong })).toThrow(message);
  });

  it.each([
    ['a prefix', { prefixes: [below('nats/'), below('nats/')] }, 's3://backups/nats/ is named twice'],
    [
      'a prefix within another',
      { prefixes: [below('nats/daily/'), below('nats/')] },
      's3://backups/nats/daily/ lies within s3://backups/nats/, and both are named',
    ],
    ['a Schedule', { velero: ['daily', 'daily'] }, 'Velero Schedule daily is named twice'],
    [
      'a copy',
      {
        copies: [
          { bucket: 'a', to: 'b' },
          { bucket: 'a', to: 'b', madeBy: job },
        ],
      },
      'copy of s3://a in s3://b is named twice',
    ],
    ['an item', { items: [...items, ...items] }, 'item "standby cluster" is named twice'],
    ['a bucket as its own copy', { copies: [{ bucket: 'a', to: 'a' }] }, 's3://a is named as its own copy'],
    [
      'a prefix of a copy',
      { prefixes: [below('nats/'), below('nats/', 'copy')], copies: [{ bucket: 'backups', to: 'copy' }] },
      's3://copy/nats/ is named in `prefixes`, and is in the copy of s3://backups as well',
    ],
  ])('%s that is named twice', (_, options, message) => {
    expect(() => costWithin({ budget: '20 USD', ...options })).toThrow(message);
  });

  it('prefixes beside each other, and the same prefix in two buckets, are no repetition', () => {
    const prefixes = [below('nats/daily/'), below('nats/recent/'), below('nats/daily/', 'other')];
    expect(() => costWithin({ budget: '20 USD', prefixes })).not.toThrow();
  });

  it('a declared cost alone needs nothing of the target, and stands for the halt condition', () => {
    expect(costWithin({ budget: '425 USD', items })).toMatchObject({
      name: 'cost',
      needs: [],
      condition: 'cost',
      promise: 'The cost of standby cluster stays within 425 USD a month',
    });
  });
});

describe('a price table', () => {
  it.each([
    ['without a region', { regions: {} }, /`regions` must hold the prices of a region, such as us-west-2/],
    ['without regions', { regions: undefined }, /Add `regions`/],
    [
      'with a negative price',
      { regions: { here: { ...region, storage: { STANDARD: { perGbMonth: -0.023 } } } } },
      /`regions.here.storage.STANDARD.perGbMonth` to be a price that is not negative, such as 0.023, but it is -0.023/,
    ],
    [
      'with a negative price as a text',
      { regions: { here: { ...region, transferPerGb: { internet: '-0.09' } } } },
      /to be a price that is not negative, such as 0.023, but it is "-0.09"/,
    ],
    ['without a date', { date: 'last year' }, /`date` to be the day on which the prices were read/],
    ['in no currency', { currency: 'dollars' }, /`currency` to be the three letters of a currency/],
  ])('%s is refused with one clear message', async (_, wrong, message) => {
    const path = await written({ ...table, ...wrong });
    const refusal = await readPriceTable(path).then(() => 'none', summaryOf);
    expect(refusal).toMatch(message);
    expect(refusal.startsWith(`price table ${path}: `)).toBe(true);
  });

  it('without the region of the bucket is no guess at its prices', async () => {
    const read = await readPriceTable(await written(table));
    expect(() => pricesOfRegion(read, 'eu-west-1', 'backups', 'price table prices.json')).toThrow(
      'price table prices.json: expected prices of region eu-west-1, in which bucket backups lies, but it has those of us-west-2.',
    );
  });

  it('in another currency than the budget is refused', async () => {
    const read = await readPriceTable(await written(table));
    expect(() => requireCurrency(read, 'EUR', 'check cost', 'price table prices.json')).toThrow(
      'check cost: expected a budget in USD, the currency of price table prices.json, but it is in EUR.',
    );
    expect(() => requireCurrency(read, 'USD', 'check cost', 'price table prices.json')).not.toThrow();
  });

  it('keeps a price as it is written, as a number or as a text', async () => {
    const prices = { STANDARD: { perGbMonth: 0.0000001 }, OTHER: { perGbMonth: '0.10' } };
    const { regions } = await readPriceTable(
      await written({ ...table, regions: { here: { ...region, storage: prices } } }),
    );
    expect(regions['here']?.storage).toEqual({
      STANDARD: { perGbMonth: '0.0000001' },
      OTHER: { perGbMonth: '0.1' },
    });
  });

  it('that is the user’s own is read from its path, and the one of this package says where it is from', async () => {
    const path = await written(table);
    expect((await readPriceTable(path)).source).toBe('our contract');
    await writeFile(path, '{');
    await expect(readPriceTable(path)).rejects.toThrow(/expected a readable JSON file/);
    const own = await readPriceTable(undefined);
    expect(own).toMatchObject({ source: 'https://aws.amazon.com/s3/pricing/', currency: 'USD' });
    expect(Object.keys(own.regions)).toEqual(['us-west-2', 'us-east-2']);
  });
});

describe('growth that is measured', () => {
  const day = 86_400_000;
  const point = (atDays: number, sizeBytes: number) => ({
    name: String(atDays),
    capturedMs: atDays * day,
    objects: [{ sizeBytes, storageClass: 'STANDARD' }],
  });

  it('is the line through the sizes, for a month of 730 hours, of their mean', () => {
    // The size grows by 10 bytes a day from an average of 1000: 304.17 bytes a month.
    const points = [-2, -1, 0, 1, 2].map((atDays) => point(atDays + 20_000, 1_000 + 10 * atDays));
    expect(measuredGrowth(points)).toEqual({ percentPerMonth: '30.42', spanMs: 4 * day, points: 5 });
  });

  it('is nothing where they shrink, and not known within a day', () => {
    expect(measuredGrowth([point(1, 200), point(3, 100)])?.percentPerMonth).toBe('0');
    expect(measuredGrowth([point(1, 100), point(1.9, 200)])).toBeUndefined();
    expect(measuredGrowth([point(1, 100), point(2, 200)])).toBeDefined();
    expect(measuredGrowth([])).toBeUndefined();
  });
});

describe('how often something is made', () => {
  const at = new Date('2026-11-29T03:00:00.000Z');
  const perMonth = (cron: string) => {
    const { count, windowMs } = madeBy({ cron, timeZone: 'UTC' }, at);
    return (count * 730 * 3_600_000) / windowMs;
  };

  it.each([
    ['0 2 * * *', 365 / 12],
    ['*/2 * * * *', (720 * 365) / 12],
    ['0 2 * * 1-5', (5 * 365) / 7 / 12],
    ['0 2 1 * *', 1],
    ['0 2 1 1 *', 1 / 12],
  ])('%s', (cron, expected) => {
    expect(perMonth(cron)).toBeCloseTo(expected, 9);
  });
});
