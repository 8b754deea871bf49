import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  type LifecycleRule,
  ListObjectsV2Command,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { KubernetesApi } from '../clients/kubernetes-api.ts';
import { s3Client } from '../clients/s3.ts';
import { systemClock } from '../clock/clock.ts';
import { newDrillId } from '../contract/drill-contract.ts';
import type { PostureCheck, PostureCheckRecord } from '../model/posture.ts';
import { SESSION_LABEL } from '../systems/kubernetes/access.ts';
import { sharedKubernetes } from '../systems/kubernetes/service.ts';
import { s3Store } from '../systems/s3/service.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { type CostOptions, costWithin } from './checks/cost.ts';
import { runPosture } from './run-posture.ts';

const target = sharedTarget();
const project = { folder: '/nowhere', outDir: '/nowhere', contracts: async () => [], drilledContracts: async () => [] };
const { signal } = new AbortController();
const DAY_MS = 86_400_000;

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'dr-contracts-cost-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Returns the record of the check, as a run makes it. */
async function recorded(check: PostureCheck): Promise<PostureCheckRecord> {
  const { checks } = await runPosture(
    {
      name: 'off-site',
      owner: 'platform',
      controls: [],
      appliedBy: undefined,
      needs: [],
      prefers: [],
      checks: [check],
      sourceFile: undefined,
    },
    { target, project, scratchDir: await scratch(), clock: systemClock, signal, progress: () => undefined },
  );
  const [found] = checks;
  if (found === undefined) throw new Error('the check is in the record');
  return found;
}

const ends = (days: number): LifecycleRule => ({
  ID: 'all',
  Status: 'Enabled',
  Filter: { Prefix: '' },
  Expiration: { Days: days },
  NoncurrentVersionExpiration: { NoncurrentDays: days },
});

async function ownBucket(
  region: 'us-west-2' | 'us-east-2',
  rules: readonly LifecycleRule[],
): Promise<{ readonly client: S3Client; readonly bucket: string }> {
  const client = s3Client({ ...(await target.place(s3Store)), region }, { maxAttempts: 3 });
  onTestFinished(() => client.destroy());
  const Bucket = `dr-${newDrillId()}`;
  await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }));
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  if (rules.length > 0) {
    const LifecycleConfiguration = { Rules: [...rules] };
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
  }
  return { client, bucket: Bucket };
}

/** A bucket with one archive for each of the last days, and the CronJob that makes them at midnight. */
async function platform({ days = 0, rules = [ends(30)] }: { days?: number; rules?: readonly LifecycleRule[] } = {}) {
  const { kubeconfigPath } = await target.place(sharedKubernetes);
  const api = new KubernetesApi(kubeconfigPath);
  onTestFinished(() => api[Symbol.dispose]());
  const namespace = `dr-${newDrillId()}`;
  const metadata = { name: namespace, labels: { [SESSION_LABEL]: target.sessionId } };
  await api.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata }, signal);
  onTestFinished(async () => void (await api.delete(`/api/v1/namespaces/${namespace}`, signal)));
  const containers = [{ name: 'backup', image: 'backup' }];
  const cronJob = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'backup' },
    spec: {
      schedule: '0 12 * * *',
      timeZone: 'UTC',
      concurrencyPolicy: 'Forbid',
      jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers } } } },
    },
  };
  await api.create(`/apis/batch/v1/namespaces/${namespace}/cronjobs`, cronJob, signal);

  const { client, bucket } = await ownBucket('us-west-2', rules);
  const noonMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS / 2;
  for (let age = 0; age < days; age += 1) {
    const stamp = new Date(noonMs - age * DAY_MS).toISOString().replaceAll(/[-:]/g, '').replace('.000', '');
    // The newest is the largest: 1 MiB, and 100 KiB more each day.
    const Body = Buffer.alloc(1_048_576 - age * 102_400);
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: `nats/${stamp}/all.tar`, Body }));
  }
  const prefix = { bucket, prefix: 'nats/', holds: ['all.tar'], madeBy: { namespace, name: 'backup' } };
  return { client, bucket, namespace, prefix };
}

/** A price table at a thousand times list prices, so that a bucket of a few megabytes has a visible cost. */
async function dearPrices(changed: object = {}): Promise<string> {
  const region = {
    storage: { STANDARD: { perGbMonth: 23 } },
    requestsPerThousand: { STANDARD: { put: 5, get: 0.4 } },
    transferPerGb: { 'us-west-2': 20, 'us-east-2': 20 },
  };
  const regions = { 'us-west-2': region, 'us-east-2': region };
  const path = join(await scratch(), 'prices.json');
  const table = { date: '2027-01-31', source: 'our contract', currency: 'USD', regions, ...changed };
  await writeFile(path, JSON.stringify(table));
  return path;
}

test('a cost halts the roll-out above its budget and is clear below it, line by line as worked out by hand', async () => {
  const { bucket, prefix } = await platform({ days: 3 });
  const { bucket: copy } = await ownBucket('us-east-2', [ends(10)]);
  const prices = await dearPrices();
  const options = { prefixes: [prefix], copies: [{ bucket, to: copy }], prices } satisfies Partial<CostOptions>;
  const clear = await recorded(costWithin({ budget: '10 USD', ...options }));
  expect(clear).toMatchObject({ verdict: 'met', condition: 'cost' });
  expect(clear.halts).toBeUndefined();

  // Three archives of 1 MiB, 924 KiB and 824 KiB: 924 KiB on average. One lives 30.5 days from noon, then 31 days as a noncurrent version.
  // Its copy follows the rules of its own bucket: 10.5 days, then 11.
  const gb = (924 * 1_024) / 2 ** 30;
  const month = 365 / 12;
  const byHand = [
    30.5 * gb * 23,
    31 * gb * 23,
    (month / 1_000) * 5,
    10.5 * gb * 23,
    11 * gb * 23,
    (month / 1_000) * 5,
    (month / 1_000) * 0.4,
    month * gb * 20,
  ];
  if (clear.observation?.kind !== 'cost') throw new Error('a cost was observed');
  const { lines, total, notCounted } = clear.observation;
  expect(lines.map(({ perMonth }) => Number(perMonth))).toEqual(byHand.map((amount) => expect.closeTo(amount, 8)));
  const sum = byHand.reduce((one, other) => one + other, 0);
  expect(Number(total)).toBeCloseTo(sum, 8);
  expect(clear.observation.prices).toMatchObject({ source: 'our contract', region: 'us-east-2, us-west-2' });
  expect(notCounted).toContain('taxes, discounts and free tiers');
  // 100 KiB of 924 KiB a day, for 30.42 days.
  expect(clear.sentence).toContain('by 329.18 % a month, measured on 3 recovery points over 2 d');
  expect(clear.observation.growth?.exceedsIn).toMatch(/^\d{4}-\d{2}$/);

  const halted = await recorded(costWithin({ budget: '2 USD', ...options }));
  expect(halted).toMatchObject({
    verdict: 'breached',
    cause: 'cost-above-budget',
    halts: 'cost',
    owner: 'platform',
    nextStep: expect.stringContaining('approved'),
  });
  expect(halted.sentence).toContain('USD above it');
  const close = await recorded(costWithin({ budget: `${(sum * 1.1).toFixed(2)} USD`, ...options }));
  expect(close).toMatchObject({ verdict: 'at-risk', halts: 'cost' });
});

test('what nobody can compute is unproven and halts: no recovery point, no end, no CronJob', async () => {
  const empty = await platform();
  const nothing = await recorded(costWithin({ budget: '20 USD', prefixes: [empty.prefix] }));
  expect(nothing).toMatchObject({ verdict: 'unproven', cause: 'cost-unknown', halts: 'cost' });
  expect(nothing.sentence).toContain('no recovery point lies there, so its size is unknown');

  const endless = await platform({ days: 1, rules: [] });
  expect((await recorded(costWithin({ budget: '20 USD', prefixes: [endless.prefix] }))).sentence).toContain(
    'so the cost grows without an end',
  );

  const madeBy = { namespace: endless.namespace, name: 'another' };
  const idle = await recorded(costWithin({ budget: '20 USD', prefixes: [{ ...endless.prefix, madeBy }] }));
  expect(idle).toMatchObject({ verdict: 'unproven' });
  expect(idle.sentence).toContain(`CronJob ${endless.namespace}/another does not exist`);
});

test('other objects below the prefix are paid for, with their noncurrent versions', async () => {
  const { client, bucket, prefix } = await platform({ days: 1 });
  for (const size of [500, 700]) {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'nats/latest.tar', Body: Buffer.alloc(size) }));
  }
  const { observation } = await recorded(costWithin({ budget: '20 USD', prefixes: [prefix] }));
  if (observation?.kind !== 'cost') throw new Error('a cost was observed');
  const others = observation.lines.filter(({ item }) => item.includes('other objects'));
  expect(others.map(({ quantity }) => Number(quantity) * 2 ** 30)).toEqual([
    expect.closeTo(700, 2),
    expect.closeTo(500, 2),
  ]);
});

test('what S3 bills and no listing of current objects shows is counted', async () => {
  const { client, bucket, prefix } = await platform({ days: 1 });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  const Key = String(Contents[0]?.Key);
  // One overwritten version, one of a deleted file, and one upload that was never finished.
  const sized = (size: number) => Buffer.alloc(size);
  await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: sized(1_048_576) }));
  await client.send(
    new PutObjectCommand({ Bucket: bucket, Key: 'nats/old.tar', Body: sized(10), StorageClass: 'GLACIER_IR' }),
  );
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'nats/old.tar' }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'nats/part.tar' }));
  const begun = { Bucket: bucket, Key: 'nats/part.tar', UploadId };
  await client.send(new UploadPartCommand({ ...begun, PartNumber: 1, Body: sized(3_000) }));

  const quantities = async () => {
    const { observation } = await recorded(costWithin({ budget: '20 USD', prefixes: [prefix] }));
    if (observation?.kind !== 'cost') throw new Error('a cost was observed');
    return new Map(
      observation.lines.map(({ item, quantity }) => [item.replace(/^.*nats\/: /, ''), Number(quantity) * 2 ** 30]),
    );
  };
  const versioned = await quantities();
  // One version of 1 MiB for each recovery point, from noon for 30 days and to the next midnight.
  expect(versioned.get('overwritten versions: storage in STANDARD')).toBeCloseTo(30.5 * 1_048_576, 0);
  // 10 bytes are billed as 128 KiB.
  expect(versioned.get('noncurrent versions of other objects in GLACIER_IR')).toBeCloseTo(131_072, 2);
  expect(versioned.get('delete markers in STANDARD')).toBeCloseTo('nats/old.tar'.length, 2);
  expect(versioned.get('uploads that were never finished in STANDARD')).toBeCloseTo(3_000, 2);

  // With suspended versioning, overwritten and deleted versions from before stay and are billed.
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  const next = Key.replace('/2', '/1');
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: next, Body: sized(1_048_576) }));
  await client.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Suspended' } }),
  );
  const suspended = await quantities();
  expect(suspended.get('overwritten versions in STANDARD')).toBeCloseTo(1_048_576, 2);
  expect(suspended.get('deleted versions in STANDARD')).toBeCloseTo(1_048_576, 2);
});

test('the class of a recovery point is the one in which it lies, and two classes are no guess', async () => {
  const { client, bucket, prefix } = await platform({ days: 1 });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  const Key = String(Contents[0]?.Key);
  const put = async (key: string, StorageClass: 'GLACIER_IR' | 'STANDARD') =>
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.alloc(200_000), StorageClass }));
  await put(Key, 'GLACIER_IR');
  const one = await recorded(costWithin({ budget: '20 USD', prefixes: [prefix] }));
  if (one.observation?.kind !== 'cost') throw new Error('a cost was observed');
  expect(one.observation.lines.map(({ item }) => item)).toContain(`s3://${bucket}/nats/: storage in GLACIER_IR`);
  await put(Key.replace('all.tar', 'more.tar'), 'STANDARD');
  const two = await recorded(costWithin({ budget: '20 USD', prefixes: [prefix] }));
  expect(two).toMatchObject({ verdict: 'unproven', cause: 'cost-unknown' });
  expect(two.sentence).toContain('several storage classes');
  expect(two.nextStep).toMatch(/^Supply what the computation lacked/);
});

test('each bad price table gives one clear message, and proves nothing', async () => {
  const { prefix } = await platform({ days: 1 });
  const wrong = async (options: Partial<CostOptions>) =>
    await recorded(costWithin({ budget: '20 USD', prefixes: [prefix], ...options }));
  const refusals = [
    [{ prices: await dearPrices({ regions: {} }) }, 'must hold the prices of a region, such as us-west-2'],
    [
      { prices: await dearPrices({ regions: { 'eu-west-1': { storage: {}, requestsPerThousand: {} } } }) },
      `expected prices of region us-west-2, in which bucket ${prefix.bucket} lies, but it has those of eu-west-1`,
    ],
    [
      {
        prices: await dearPrices({
          regions: { 'us-west-2': { storage: { STANDARD: { perGbMonth: -1 } }, requestsPerThousand: {} } },
        }),
      },
      'expected `regions.us-west-2.storage.STANDARD.perGbMonth` to be a price that is not negative, such as 0.023, but it is -1',
    ],
    [
      { budget: '20 EUR' },
      'expected a budget in USD, the currency of the price table of dr-contracts, but it is in EUR',
    ],
    [{ prices: '/nowhere/prices.json' }, 'expected a readable JSON file'],
  ] as const;
  for (const [options, message] of refusals) {
    const refused = await wrong(options);
    expect(refused).toMatchObject({ verdict: 'unproven', cause: 'contract-mistake', observation: null, halts: 'cost' });
    expect(refused.sentence).toContain(message);
    expect(refused.failure).toHaveLength(1);
  }
});
