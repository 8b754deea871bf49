import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { Secrets } from '../../model/secrets.ts';
import type { Target } from '../../model/target.ts';
import { type KubernetesPlace, sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { kubeconfigOf } from '../../systems/kubernetes/testing/answering-api.ts';
import { type S3Place, s3Store } from '../../systems/s3/service.ts';
import type { StoredBelow, StoredObject } from '../../systems/s3/stored-points.ts';
import { withPlace } from '../../testing/with-place.ts';
import { CostLines } from './cost-lines.ts';
import { countAsItLies, countPrefix } from './read-prefix.ts';
import type { CostReading, LiveBucket } from './reading.ts';

const DAY_MS = 86_400_000;
const at = new Date('2026-11-29T03:00:00.000Z');
const object = (sizeBytes: number): StoredObject => ({ sizeBytes, storageClass: 'STANDARD' });
const settings = {
  versioning: undefined,
  lifecycle: {
    Rules: [
      {
        ID: 'all',
        Status: 'Enabled',
        Filter: { Prefix: '' },
        Expiration: { Days: 30 },
        NoncurrentVersionExpiration: { NoncurrentDays: 2 },
      },
    ],
  },
  encryption: undefined,
  'public-access': undefined,
  policy: undefined,
};
const bucketThat = (isVersioned: boolean): LiveBucket => ({
  name: 'backups',
  region: 'here',
  prices: {
    storage: { STANDARD: { perGbMonth: '1' } },
    requestsPerThousand: {},
    transitionsPerThousand: {},
    transferPerGb: {},
  },
  isVersioned,
  lockedDays: 0,
  live: { region: 'here', movesSmallInto: [], settings },
});
const stored: StoredBelow = {
  points: [10, 2, 1].map((days) => ({
    name: String(days),
    capturedMs: at.getTime() - days * DAY_MS,
    objects: [object(5)],
  })),
  others: [],
  overwritten: [object(7), object(9)],
  deleted: [object(11)],
  otherNoncurrent: [],
  deleteMarkers: [],
  unfinished: null,
};
const countedIn = (isVersioned: boolean) => {
  const lines = new CostLines();
  const bucket = bucketThat(isVersioned);
  countAsItLies({ what: 'there', bucket, stored, isOverwrittenPlanned: isVersioned }, lines);
  return { items: lines.lines.map(({ item }) => item), undecided: lines.undecided };
};

it('uploads that the account may not list are undecided, and the reason names the permission', () => {
  expect(countedIn(true).undecided).toMatchObject([
    {
      item: 'there: uploads that were never finished',
      reason: expect.stringContaining('s3:ListBucketMultipartUploads'),
    },
  ]);
});

it('versions from before are counted where versioning is suspended, and belong to the plan where it is not', () => {
  expect(countedIn(false).items).toEqual([
    'there: overwritten versions in STANDARD',
    'there: deleted versions in STANDARD',
  ]);
  expect(countedIn(true).items).toEqual([]);
});

/** A version of the file of a recovery point, as old as it. */
interface Version {
  readonly days: number;
  readonly sizeBytes: number;
  readonly isLatest: boolean;
}
const current = (days: number): Version => ({ days, sizeBytes: 5, isLatest: true });
const older = (days: number, sizeBytes: number): Version => ({ days, sizeBytes, isLatest: false });

/** Starts an S3 that holds those versions below `nats/`, and refuses to list uploads. */
async function storeOf(versions: readonly Version[]): Promise<S3Place> {
  const entries = versions.map(({ days, sizeBytes, isLatest }, index) => {
    const utc = new Date(at.getTime() - days * DAY_MS).toISOString();
    const folder = utc.replace('.000', '').replaceAll(/[-:]/g, '');
    const file = `<Key>nats/${folder}/data</Key><Size>${sizeBytes}</Size><LastModified>${utc}</LastModified>`;
    const version = `<VersionId>v${index}</VersionId><IsLatest>${isLatest}</IsLatest>`;
    return { isLatest, file, version: `<Version>${file}${version}</Version>` };
  });
  const server = createServer(({ url = '' }, response) => {
    if (url.includes('uploads')) {
      response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
    } else if (url.includes('versions')) {
      response.end(`<ListVersionsResult>${entries.map(({ version }) => version).join('')}</ListVersionsResult>`);
    } else {
      const objects = entries.filter(({ isLatest }) => isLatest);
      const contents = objects.map(({ file }) => `<Contents>${file}</Contents>`).join('');
      response.end(url.includes('list-type') ? `<ListBucketResult>${contents}</ListBucketResult>` : '');
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { endpoint, region: 'here', accessKeyId: 'a', secretAccessKey: 'b', backupBucket: 'backups' };
}

/** Counts the recovery points of a CronJob that fires each day. */
async function countedFrom(versions: readonly Version[], isVersioned: boolean, holds: readonly string[] = []) {
  const bucket = bucketThat(isVersioned);
  const kubeconfigPath = await kubeconfigOf({
    '/apis/batch/v1/namespaces/ops/cronjobs/backup': { metadata: { name: 'backup' }, spec: { schedule: '0 3 * * *' } },
  });
  const cluster = { kubeconfigPath, veleroNamespace: 'velero' } as KubernetesPlace;
  const lines = new CostLines();
  const reading: CostReading = {
    context: {
      target: withPlace(withPlace({} as Target, sharedKubernetes, cluster), s3Store, await storeOf(versions)),
      step: {
        clock: systemClock,
        signal: new AbortController().signal,
        scratchDir: '/nowhere',
        secrets: new Secrets(),
        progress: () => undefined,
      },
      project: { folder: '/nowhere', outDir: '/nowhere', contracts: async () => [], drilledContracts: async () => [] },
    },
    at,
    table: { date: '2026-11-29', source: 'made up', currency: 'USD', regions: { here: bucket.prices } },
    tableName: 'the table',
    lines,
    declaredGrowth: undefined,
    growth: new Map(),
    ungrown: [],
    regions: new Set(),
    buckets: new Map([['backups', Promise.resolve(bucket)]]),
    places: [],
  };
  const planned = await countPrefix(
    {
      bucket: 'backups',
      prefix: 'nats/',
      layoutAt: () => ({ bucket: 'backups', prefix: 'nats/', holds }),
      madeBy: { namespace: 'ops', name: 'backup' },
      partBytes: 8,
    },
    reading,
  );
  const asItLies = lines.lines.some(({ item }) => item === 's3://backups/nats/: overwritten versions in STANDARD');
  return { points: planned?.plan.sizes.points, overwritten: planned?.plan.overwritten, asItLies };
}

it('overwritten versions come with as many points as were captured while one lives', async () => {
  const twice = [current(10), older(10, 7), current(2), older(2, 9), current(1)];
  expect(await countedFrom(twice, true)).toMatchObject({
    points: 3,
    overwritten: { points: 2, small: { bytes: 16 } },
    asItLies: false,
  });
});

it.each<[string, readonly Version[], boolean, readonly string[], number | undefined]>([
  ['no recovery point is complete', [current(1), older(1, 7)], true, ['manifest.json'], undefined],
  ['none was captured while one lives', [current(10), older(10, 7)], true, [], 1],
  ['the bucket keeps no versions', [current(1), older(1, 7)], false, [], 1],
])('overwritten versions are counted as they lie where %s', async (_, versions, isVersioned, holds, points) => {
  expect(await countedFrom(versions, isVersioned, holds)).toEqual({ points, overwritten: undefined, asItLies: true });
});
