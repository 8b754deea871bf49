import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { CostLine } from '../../model/cost.ts';
import type { StoredPoint } from '../../systems/s3/stored-points.ts';
import { CostLines } from './cost-lines.ts';
import { currentObjects, estimateCopy, estimateListings, estimatePoints, type PointsPlan } from './estimate.ts';
import { estimateOthers } from './estimate-others.ts';
import { madeBy } from './object-life.ts';
import { type RegionPrices, readPriceTable } from './price-table.ts';
import { type LiveBucket, rulesOf } from './reading.ts';
import { sizesOf } from './sizes.ts';
import { aSetting, simulatedCost } from './testing/simulation.ts';

const at = new Date('2026-11-29T03:00:00.000Z');
const MIB = 1_024 ** 2;
const platform = new URL('../../../fixtures/platform/', import.meta.url);
const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(new URL(path, platform), 'utf8'));

async function cronOf(path: string, name: string): Promise<string> {
  const documents = parseAllDocuments(await readFile(new URL(`manifests/${path}`, platform), 'utf8'));
  const found = documents.find((document) => document.getIn(['metadata', 'name']) === name);
  return String(found?.getIn(['spec', 'schedule']));
}

/** Returns the prices of the region `here` as they are read from a file of the user. */
async function pricesHere(table: unknown): Promise<RegionPrices> {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-prices-'));
  try {
    const path = join(folder, 'prices.json');
    await writeFile(path, JSON.stringify(table));
    const prices = (await readPriceTable(path)).regions['here'];
    if (prices === undefined) throw new Error('the table has the region');
    return prices;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const point = (...sizes: readonly number[]): StoredPoint => ({
  name: '20261128T021500Z/',
  capturedMs: 0,
  objects: sizes.map((sizeBytes) => ({ sizeBytes, storageClass: 'STANDARD' })),
});

function bucketOf(name: string, region: string, prices: RegionPrices, lifecycle: unknown): LiveBucket {
  const settings = {
    versioning: { Status: 'Enabled' },
    lifecycle,
    encryption: undefined,
    'public-access': undefined,
    policy: undefined,
  };
  return { name, region, prices, isVersioned: true, lockedDays: 0, live: { region, settings, movesSmallInto: [] } };
}

/** Expected line of the test, with figures that a person can work out from the price list. */
type ByHand = readonly [item: string, quantity: number, unitPrice: string];

function expectLines(lines: readonly CostLine[], byHand: readonly ByHand[]): void {
  expect(lines.map(({ item }) => item)).toEqual(byHand.map(([item]) => item));
  for (const [index, [item, quantity, unitPrice]] of byHand.entries()) {
    const line = lines[index];
    expect(line?.unitPrice, item).toBe(unitPrice);
    expect(Number(line?.quantity), item).toBeCloseTo(quantity, 9);
    expect(Number(line?.perMonth), item).toBeCloseTo(quantity * Number(unitPrice), 9);
  }
}

describe('the reference platform, worked out by hand', () => {
  it('costs what its schedules, its lifecycle and the price list say, line by line', async () => {
    const { regions } = await readPriceTable(undefined);
    const [west, east] = [regions['us-west-2'], regions['us-east-2']];
    if (west === undefined || east === undefined) throw new Error('the table has both regions');
    const [source, target] = ['kgents-dr-backups', 'kgents-dr-backups-us-east-2'];
    const from = bucketOf(source, 'us-west-2', west, await json('bucket/lifecycle.json'));
    const to = bucketOf(target, 'us-east-2', east, await json('bucket-off-region/lifecycle.json'));
    const lines = new CostLines();
    const rules = (bucket: LiveBucket, prefix: string, ending: Parameters<typeof rulesOf>[3] = []) => {
      const found = rulesOf(bucket, prefix, 'STANDARD', ending, lines);
      if (typeof found === 'string') throw new Error(found);
      return found;
    };
    // An archive of 1 GiB and its checksum of 78 bytes once a day; an archive of 64 MiB and 78 bytes every two minutes; a Velero backup of
    // ten objects, 2 MiB in total, once a day and twice an hour.
    const archive = sizesOf([point(1_024 * MIB, 78)], 8 * MIB);
    const recent = sizesOf([point(64 * MIB, 78)], 8 * MIB);
    const velero = sizesOf([point(1_097_153, ...Array.from({ length: 9 }, () => 111_111))], 5 * MIB);
    const place = { region: 'us-west-2', prices: west };
    const every = async (path: string, name: string) => madeBy({ cron: await cronOf(path, name), timeZone: 'UTC' }, at);
    const daily: PointsPlan = {
      ...place,
      what: 'daily',
      made: await every('nats-backup/cronjob.yaml', 'nats-backup'),
      schedule: 'CronJob nats-backup',
      sizes: archive,
      rules: rules(from, 'nats/daily/'),
      readBackFrom: 'us-east-2',
    };
    const often: PointsPlan = {
      ...daily,
      what: 'recent',
      made: await every('nats-backup/recent.yaml', 'nats-backup-recent'),
      sizes: recent,
      rules: rules(from, 'nats/recent/'),
    };
    const veleroPlan = async (name: string, ttlHours: number): Promise<PointsPlan> => ({
      ...place,
      what: `velero ${name}`,
      made: await every('velero/schedule.yaml', name),
      schedule: `Velero Schedule ${name}`,
      sizes: velero,
      rules: rules(from, 'velero/primary/', [{ afterMs: ttlHours * 3_600_000 }]),
    });
    const plans = [daily, often, await veleroPlan('daily', 720), await veleroPlan('half-hourly', 48)];
    for (const plan of plans) estimatePoints(plan, lines);
    const copyEast = { to: 'east', region: 'us-east-2', prices: east };
    for (const plan of [daily, often]) {
      const prefix = plan === daily ? 'nats/daily/' : 'nats/recent/';
      estimateCopy(plan, { ...copyEast, rules: rules(to, prefix, plan.rules.endings) }, lines);
    }
    const copier = await every('bucket-copy/cronjob.yaml', 'bucket-copy');
    const keys = plans.reduce((sum, plan) => sum + currentObjects(plan), 0);
    const listing = { runs: copier.count, windowMs: copier.windowMs, keys, basis: 'CronJob bucket-copy' };
    estimateListings({ ...listing, ...place, item: 'listings' }, lines);
    expect(lines.undecided).toEqual([]);

    const GB = 1_024 * MIB;
    // A month is a twelfth of 365 days. An object made at 02:15 and kept for 30 days is deleted at the midnight after: 30 d 21 h 45 min.
    const month = 365 / 12;
    const dailyKept = 30 + 21.75 / 24;
    const dailyGb = (GB + 78) / GB;
    // An object made every two minutes waits 2 minutes to 24 hours for the next midnight: 12 h 1 min on average.
    const recentKept = 2 + (12 + 1 / 60) / 24;
    const recentGb = (64 * MIB + 78) / GB;
    // A version that is noncurrent for N days is deleted at the midnight after the Nth day.
    const veleroGb = (2 * MIB) / GB;
    // A backup made at 02:00 is deleted 30 days later at 02:00; its version 30 days and 22 hours after that.
    const dailyNoncurrent = 30 + 22 / 24;
    // Backups of minutes 7 and 37 are deleted two days later at the same minute. Until midnight they have 24 h - 12 h 7 min (mean of 0:07 …
    // 23:37).
    const halfHourlyNoncurrent = 30 + (24 - (11.5 + 22 / 60)) / 24;
    expectLines(lines.lines, [
      ['daily: storage in STANDARD', dailyKept * dailyGb, '0.023'],
      ['daily: noncurrent versions in STANDARD', 31 * dailyGb, '0.023'],
      // 128 parts, one request that starts the upload and one that completes it; one request for the checksum.
      ['daily: uploads (PUT)', (month * (130 + 1)) / 1_000, '0.005'],
      // One HEAD and 128 parts; one HEAD and one part.
      ['daily: reads after the upload (GET)', (month * (129 + 2)) / 1_000, '0.0004'],
      ['daily: transfer of those reads to us-east-2', month * dailyGb, '0.02'],
      ['recent: storage in STANDARD', 720 * recentKept * recentGb, '0.023'],
      ['recent: noncurrent versions in STANDARD', 720 * 3 * recentGb, '0.023'],
      ['recent: uploads (PUT)', (720 * month * (10 + 1)) / 1_000, '0.005'],
      ['recent: reads after the upload (GET)', (720 * month * (9 + 2)) / 1_000, '0.0004'],
      ['recent: transfer of those reads to us-east-2', 720 * month * recentGb, '0.02'],
      ['velero daily: storage in STANDARD', 30 * veleroGb, '0.023'],
      ['velero daily: noncurrent versions in STANDARD', dailyNoncurrent * veleroGb, '0.023'],
      ['velero daily: uploads (PUT)', (month * 10) / 1_000, '0.005'],
      ['velero half-hourly: storage in STANDARD', 48 * 2 * veleroGb, '0.023'],
      ['velero half-hourly: noncurrent versions in STANDARD', 48 * halfHourlyNoncurrent * veleroGb, '0.023'],
      ['velero half-hourly: uploads (PUT)', (48 * month * 10) / 1_000, '0.005'],
      // The copy is deleted at midnight, and its version 31 days later.
      ['copy of daily in east: storage in STANDARD', dailyKept * dailyGb, '0.023'],
      ['copy of daily in east: noncurrent versions in STANDARD', 31 * dailyGb, '0.023'],
      ['copy of daily in east: uploads (COPY)', (month * 2) / 1_000, '0.005'],
      ['copy of daily in east: looks at the original (HEAD)', (month * 2) / 1_000, '0.0004'],
      ['copy of daily in east: transfer to us-east-2', month * dailyGb, '0.02'],
      ['copy of recent in east: storage in STANDARD', 720 * recentKept * recentGb, '0.023'],
      ['copy of recent in east: noncurrent versions in STANDARD', 720 * 31 * recentGb, '0.023'],
      ['copy of recent in east: uploads (COPY)', (720 * month * 2) / 1_000, '0.005'],
      ['copy of recent in east: looks at the original (HEAD)', (720 * month * 2) / 1_000, '0.0004'],
      ['copy of recent in east: transfer to us-east-2', 720 * month * recentGb, '0.02'],
      // 61.8 objects of the daily archives, 3601 of the recent ones, 300 and 960 of Velero: 4923 keys, 5 pages every 15 minutes.
      ['listings', (96 * month * 5) / 1_000, '0.005'],
    ]);
  });
});

describe('500 generated settings', () => {
  it('cost what an independent simulation, day by day, adds up', { timeout: 180_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(aSetting, async (setting) => {
        const lines = new CostLines();
        const prices = await pricesHere(setting.table);
        const place = { region: 'here', prices };
        const plan: PointsPlan = {
          ...place,
          what: 'points',
          made: madeBy({ cron: setting.cron, timeZone: 'UTC' }, at),
          schedule: 'a CronJob',
          sizes: sizesOf([point(...setting.objectBytes)], setting.partBytes),
          rules: setting.rules,
          overwritten:
            setting.overwrittenBytes.length === 0
              ? undefined
              : sizesOf([point(...setting.overwrittenBytes)], setting.partBytes),
          readBackFrom: setting.isReadBack ? 'here' : undefined,
        };
        estimatePoints(plan, lines);
        if (setting.copy !== undefined) {
          const { rules, region } = setting.copy;
          estimateCopy(plan, { to: 'there', region, prices, rules }, lines);
        }
        estimateOthers(
          { ...place, what: 'others', kinds: [['other objects', point(setting.otherBytes).objects]] },
          lines,
        );
        expect(lines.undecided).toEqual([]);
        const expected = simulatedCost(setting);
        expect(Math.abs(Number(lines.total()) - expected)).toBeLessThanOrEqual(1e-9 + 1e-9 * expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what S3 bills besides bytes, worked out by hand', () => {
  const kib = 1_024;
  const GB = 2 ** 30;
  async function linesOf(storageClass: string, sizes: readonly number[], changed: Partial<PointsPlan> = {}) {
    const { regions } = await readPriceTable(undefined);
    const west = regions['us-west-2'];
    if (west === undefined) throw new Error('the table has the region');
    const lines = new CostLines();
    const rules = {
      endings: [{ afterDays: 9 }],
      isVersioned: false,
      noncurrentDays: 0,
      storageClass,
      transitions: [],
      noncurrentTransitions: [],
    };
    const plan: PointsPlan = {
      region: 'us-west-2',
      prices: west,
      what: 'points',
      made: madeBy({ cron: '0 12 * * *', timeZone: 'UTC' }, at),
      schedule: 'a CronJob',
      sizes: sizesOf([point(...sizes)], 8 * MIB),
      rules,
      ...changed,
    };
    estimatePoints(plan, lines);
    expect(lines.undecided).toEqual([]);
    return lines.lines;
  }
  const month = 365 / 12;

  it('an object of 1 KiB is paid for as 128 KiB and for 30 days in STANDARD_IA, and each GB that is read', async () => {
    expectLines(await linesOf('STANDARD_IA', [kib], { readBackFrom: 'us-west-2' }), [
      ['points: storage in STANDARD_IA', (9.5 * 128 * kib) / GB, '0.0125'],
      ['points: minimum storage duration of STANDARD_IA', (20.5 * 128 * kib) / GB, '0.0125'],
      ['points: uploads (PUT)', month / 1_000, '0.01'],
      ['points: reads after the upload (GET)', (month * 2) / 1_000, '0.001'],
      ['points: retrieval for those reads', (month * kib) / GB, '0.01'],
    ]);
  });

  it('an archived object has 32 KiB more in its class and 8 KiB in STANDARD', async () => {
    expectLines(await linesOf('DEEP_ARCHIVE', [MIB]), [
      ['points: storage in DEEP_ARCHIVE', (9.5 * (MIB + 32 * kib)) / GB, '0.00099'],
      ['points: minimum storage duration of DEEP_ARCHIVE', (170.5 * (MIB + 32 * kib)) / GB, '0.00099'],
      ['points: names of objects in DEEP_ARCHIVE, in STANDARD', (9.5 * 8 * kib) / GB, '0.023'],
      ['points: uploads (PUT)', month / 1_000, '0.05'],
    ]);
  });

  it('INTELLIGENT_TIERING monitors what is not smaller than 128 KiB', async () => {
    const lines = await linesOf('INTELLIGENT_TIERING', [MIB, kib]);
    expect(lines.find(({ item }) => item.endsWith('monitoring of INTELLIGENT_TIERING'))).toMatchObject({
      quantity: '0.0095',
      unitPrice: '0.0025',
    });
  });

  it('a version that is overwritten is uploaded and stays as long as noncurrent versions do', async () => {
    const rules = {
      endings: [{ afterDays: 9 }],
      isVersioned: true,
      noncurrentDays: 4,
      storageClass: 'STANDARD',
      transitions: [],
      noncurrentTransitions: [],
    };
    const lines = await linesOf('STANDARD', [MIB], { rules, overwritten: sizesOf([point(2 * MIB)], 8 * MIB) });
    expectLines(
      lines.filter(({ item }) => item.includes('overwritten')),
      [
        ['points: overwritten versions: storage in STANDARD', (4.5 * 2 * MIB) / GB, '0.023'],
        ['points: overwritten versions: uploads (PUT)', month / 1_000, '0.005'],
      ],
    );
  });

  it('an object whose class nobody read is priced in the dearest one', async () => {
    const { regions } = await readPriceTable(undefined);
    const prices = regions['us-west-2'];
    if (prices === undefined) throw new Error('the table has the region');
    const lines = new CostLines();
    const objects = [{ sizeBytes: 1, storageClass: undefined }];
    estimateOthers({ region: 'us-west-2', prices, what: 'others', kinds: [['versions', objects]] }, lines);
    // 128 KiB at 0.0125 is more than 1 byte at 0.023.
    expect(lines.lines).toMatchObject([
      { item: expect.stringMatching(/an unknown storage class, priced as STANDARD_IA$/), unitPrice: '0.0125' },
    ]);
  });
});

describe('what has no price is undecided, never nothing', () => {
  it('names the storage class and the region', async () => {
    const lines = new CostLines();
    const prices = await pricesHere({
      date: '2025-06-01',
      source: 'made up',
      currency: 'USD',
      regions: { here: { storage: {}, requestsPerThousand: {} } },
    });
    const objects = [{ sizeBytes: 5, storageClass: 'OUTPOSTS' }];
    estimateOthers({ region: 'here', prices, what: 'others', kinds: [['other objects', objects]] }, lines);
    expect(lines.lines).toEqual([]);
    expect(lines.undecided).toMatchObject([
      {
        item: 'others: other objects in OUTPOSTS',
        reason: 'the price table has no price for storage in OUTPOSTS in here; name a table that has it in `prices`',
      },
    ]);
  });
});
