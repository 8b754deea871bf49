import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { KubernetesApi } from '../clients/kubernetes-api.ts';
import { s3Client } from '../clients/s3.ts';
import { systemClock } from '../clock/clock.ts';
import { newDrillId } from '../contract/drill-contract.ts';
import { cronJobRefusal } from '../manifests/cron-job-runs.ts';
import type { Contract } from '../model/contract.ts';
import type { PostureCheck, PostureProject } from '../model/posture.ts';
import { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import type { Target } from '../model/target.ts';
import { SESSION_LABEL } from '../systems/kubernetes/access.ts';
import { serverAccepts } from '../systems/kubernetes/posture/server-accepts.ts';
import { sharedKubernetes } from '../systems/kubernetes/service.ts';
import { bucketSettings } from '../systems/s3/posture/bucket-settings.ts';
import { s3Store } from '../systems/s3/service.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { withPlace } from '../testing/with-place.ts';
import { judgeCheck } from '../verdict/posture.ts';
import { longestGapMs } from '../verdict/schedule-gap.ts';
import { arrived, notYet, waitFor } from '../wait/wait.ts';
import { credentialsAccepted, noPlaceholders } from './checks/credentials.ts';
import { recoveryPoints, veleroBackups } from './checks/recovery-points.ts';
import { retention } from './checks/retention.ts';
import { cronJobRuns, veleroScheduleRuns } from './checks/schedules.ts';

const target = sharedTarget();
const project = { folder: '/nowhere', outDir: '/nowhere', contracts: async () => [], drilledContracts: async () => [] };
const { signal } = new AbortController();
const levels = { fresh: '25h', critical: '48h', lag: '48h', successAbove: 99 };
const DAY_MS = 86_400_000;

async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'dr-contracts-posture-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const step = (changed: Partial<Step> = {}): Step => ({
  clock: systemClock,
  signal,
  scratchDir: tmpdir(),
  secrets: new Secrets(),
  progress: () => undefined,
  ...changed,
});

/** Returns the verdict and its sentence, as a run has them. */
async function judged(check: PostureCheck, at: Target = target, changed: Partial<Step> = {}) {
  const observation = await check.observe({ target: at, project, step: step(changed) });
  return judgeCheck({ promise: check.promise, observation, failure: null });
}

async function cluster() {
  const { kubeconfigPath, veleroNamespace } = await target.place(sharedKubernetes);
  const api = new KubernetesApi(kubeconfigPath);
  onTestFinished(() => api[Symbol.dispose]());
  return { api, veleroNamespace };
}

/** Creates a namespace of this test's own, with the disposable mark. */
async function ownNamespace(api: KubernetesApi): Promise<string> {
  const name = `dr-${newDrillId()}`;
  const metadata = { name, labels: { [SESSION_LABEL]: target.sessionId } };
  await api.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata }, signal);
  onTestFinished(async () => void (await api.delete(`/api/v1/namespaces/${name}`, signal)));
  return name;
}

async function ownBucket(): Promise<{ readonly client: S3Client; readonly bucket: string }> {
  const client = s3Client(await target.place(s3Store), { maxAttempts: 3 });
  onTestFinished(() => client.destroy());
  const bucket = `dr-${newDrillId()}`;
  const CreateBucketConfiguration = { LocationConstraint: 'us-west-2' as const };
  await client.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }));
  return { client, bucket };
}

test('settings of a live bucket are read back: what is missing, and what was switched off, is named', async () => {
  const { client, bucket } = await ownBucket();
  const folder = 'fixtures/platform/bucket';
  const check = bucketSettings({
    bucket,
    region: 'us-west-2',
    declared: {
      versioning: `${folder}/versioning.json`,
      lifecycle: `${folder}/lifecycle.json`,
      encryption: `${folder}/encryption.json`,
      publicAccess: `${folder}/public-access.json`,
    },
  });
  const VersioningConfiguration = { Status: 'Suspended' as const };
  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  const { verdict, sentence } = await judged(check);
  expect(verdict).toBe('breached');
  expect(sentence).toContain(
    'are not as promised: versioning.Status: expected Enabled, found Suspended. Apply what is declared.',
  );
  const observation = await check.observe({ target, project, step: step() });
  expect(JSON.stringify(observation)).toContain(
    '"item":"lifecycle","expected":"the declared setting","found":"no setting"',
  );
});

test('recovery points are what really lies in the bucket: none, one that is not whole, one that grows old', async () => {
  const { client, bucket } = await ownBucket();
  const check = recoveryPoints({ bucket, prefix: 'nats/', holds: ['a.tar', 'a.sha256'], every: '24h', ...levels });
  expect((await judged(check)).verdict).toBe('unproven');
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, '');
  const put = (name: string) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key: `nats/${stamp}/${name}`, Body: 'x' }));
  await put('a.tar');
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'nats/dabcdefg/a.tar', Body: 'another drill' }));
  expect((await judged(check)).sentence).toContain('none of 1 attempt left a whole recovery point');
  await put('a.sha256');
  expect(await judged(check)).toMatchObject({ verdict: 'met', sentence: expect.stringContaining('1 of 1 attempt') });

  const inTwoDays = new Date(Date.now() + 2 * DAY_MS + 3_600_000).toISOString();
  const clock = { ...systemClock, now: () => ({ utc: inTwoDays, monotonicMs: 0 }) };
  const { verdict, sentence } = await judged(check, target, { clock });
  expect(verdict).toBe('breached');
  expect(sentence).toMatch(/2 d 1 h old: critical.*1 of 3 attempts succeeded, 33\.3 %/);
});

test('C07, C09: names as people choose them are read, and one from the future is a breach', async () => {
  const { client, bucket } = await ownBucket();
  const put = (Key: string) => client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
  const today = new Date().toISOString().slice(0, 10);
  await put(`flat/orders-${today}.tar.gz`);
  await put(`flat/orders-${today}.tar.gz.sha256`);
  const flat = recoveryPoints({ bucket, prefix: 'flat/', every: '24h', ...levels });
  expect(await judged(flat)).toMatchObject({ verdict: 'met', sentence: expect.stringContaining('1 of 1 attempt') });
  // A promise of files in a folder fails with "no folder", not with "nothing is stored".
  const folders = recoveryPoints({ bucket, prefix: 'flat/', holds: ['streams.tar'], every: '24h', ...levels });
  expect(await judged(folders)).toMatchObject({
    verdict: 'unproven',
    cause: 'recovery-point-names-unread',
    sentence: expect.stringContaining(`2 keys lie there`),
  });
  const [year = '', month = '', day = ''] = today.split('-');
  await put(`own/${day}${month}${year}/streams.tar`);
  const own = { bucket, prefix: 'own/', holds: ['streams.tar'], every: '24h', ...levels };
  expect(await judged(recoveryPoints(own))).toMatchObject({ cause: 'recovery-point-names-unread' });
  expect(await judged(recoveryPoints({ ...own, pattern: '%d%m%Y/' }))).toMatchObject({ verdict: 'met' });
  await put('flat/20360101T000000Z/streams.tar');
  expect(await judged(flat)).toMatchObject({
    verdict: 'breached',
    cause: 'recovery-point-from-the-future',
    sentence: expect.stringContaining('20360101T000000Z'),
  });
});

test('a CronJob that is suspended, or not there, takes no backup', async () => {
  const { api } = await cluster();
  const namespace = await ownNamespace(api);
  const check = cronJobRuns({ namespace, name: 'backup', rpo: '25h' });
  expect((await judged(check)).sentence).toContain(`CronJob ${namespace}/backup does not exist`);
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } };
  const path = `/apis/batch/v1/namespaces/${namespace}/cronjobs`;
  const cronJob = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'backup' },
    spec: { schedule: '0 2 * * *', timeZone: 'Etc/UTC', jobTemplate: { spec: { template } } },
  };
  await api.create(path, cronJob, signal);
  expect((await judged(check)).verdict).toBe('met');
  await api.patch(`${path}/backup`, { spec: { suspend: true } }, signal);
  expect(await judged(check)).toMatchObject({ verdict: 'breached', sentence: expect.stringContaining('is paused') });

  const runs = { concurrencyPolicy: 'Replace', startingDeadlineSeconds: 5 };
  const job = { spec: { activeDeadlineSeconds: 600, template } };
  await api.patch(
    `${path}/backup`,
    { spec: { ...runs, suspend: false, schedule: '*/5 * * * *', jobTemplate: job } },
    signal,
  );
  const long = cronJobRuns({ namespace, name: 'backup', rpo: '70m', takes: '1h' });
  expect(await judged(long)).toMatchObject({ verdict: 'breached', cause: 'run-replaced-before-its-end' });
  expect(await judged(check)).toMatchObject({
    verdict: 'met',
    sentence: expect.stringContaining('startingDeadlineSeconds: 5'),
  });
});

test('C09, C24: retention is what the live lifecycle and schedule make of what really lies there', async () => {
  const { api } = await cluster();
  const { client, bucket } = await ownBucket();
  const namespace = await ownNamespace(api);
  await api.create(`/apis/batch/v1/namespaces/${namespace}/cronjobs`, cronJobAt('0 2 * * *'), signal);
  const check = retention({ bucket, prefix: 'nats/', madeBy: { namespace, name: 'backup' }, keeps: 30 });
  const living = async (...Rules: LifecycleRule[]) =>
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration: { Rules } }),
    );
  const all = { Status: 'Enabled' as const, Filter: { Prefix: 'nats/' } };
  const ended = { NoncurrentVersionExpiration: { NoncurrentDays: 1 } };
  const month = { ...all, ...ended, ID: 'month', Expiration: { Days: 30 } };
  await living(month);
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'nats/orders.tar', Body: 'x' }));
  expect(await judged(check)).toMatchObject({ verdict: 'unproven', cause: 'recovery-point-names-unread' });
  const Key = `nats/${new Date().toISOString().slice(0, 10)}.tar`;
  await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
  expect(await judged(check)).toMatchObject({ verdict: 'met' });
  await living(month, { ...all, ID: 'past', Expiration: { Date: new Date('2026-01-01T00:00:00Z') } });
  expect(await judged(check)).toMatchObject({ verdict: 'breached', cause: 'expires-on-a-date' });
  await living({ ...month, Transitions: [{ Days: 1, StorageClass: 'DEEP_ARCHIVE' }] });
  expect(await judged(check)).toMatchObject({ verdict: 'unproven', cause: 'thaw-time-unknown' });
  await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x', StorageClass: 'GLACIER' }));
  await living(month);
  expect(await judged(check)).toMatchObject({ sentence: expect.stringContaining('GLACIER') });
});

test.each(['3/10 * * * *', '0/15 * * * *', '*/90 * * * *', '@every 6h', '@daily', '? 2 * * ?'])(
  'C05, C06: the real API takes "%s", and the check computes it',
  async (schedule) => {
    const { api } = await cluster();
    const namespace = await ownNamespace(api);
    await api.create(`/apis/batch/v1/namespaces/${namespace}/cronjobs`, cronJobAt(schedule), signal);
    const check = cronJobRuns({ namespace, name: 'backup', rpo: '25h' });
    expect((await judged(check)).verdict).toBe('met');
  },
);

test.each([
  '0 2 * * 7',
  '0 0 L * *',
  '0 2 * * sat-sun',
  '0 0 * * 5#2',
  'CRON_TZ=UTC 0 2 * * *',
  '@every 1d',
  '0 0 2 * * *',
])('C05: the real API refuses "%s", and so does the reader of manifests', async (schedule) => {
  const { api } = await cluster();
  const namespace = await ownNamespace(api);
  const cronJob = cronJobAt(schedule);
  await expect(api.create(`/apis/batch/v1/namespaces/${namespace}/cronjobs`, cronJob, signal)).rejects.toThrow(
    /CronJob.*spec\.schedule: Invalid value/s,
  );
  const isIdle = cronJobRefusal(cronJob.spec) !== undefined;
  expect(isIdle || !isComputable(schedule)).toBe(true);
});

test.each([
  [300_000, 'met'],
  [299_999, 'breached'],
] as const)('a schedule is held to the RPO of %i ms that its contract promises: %s', async (rpoMs, verdict) => {
  const { api } = await cluster();
  const namespace = await ownNamespace(api);
  await api.create(`/apis/batch/v1/namespaces/${namespace}/cronjobs`, cronJobAt('*/5 * * * *'), signal);
  const contracts = [{ name: 'nats-streams', rpoMs }] as unknown as readonly Contract[];
  const check = cronJobRuns({ namespace, name: 'backup', for: 'nats-streams' });
  const promising: PostureProject = { ...project, contracts: async () => contracts };
  const observation = await check.observe({ target, project: promising, step: step() });
  expect(observation).toMatchObject({ rpoMs });
  expect(judgeCheck({ promise: check.promise, observation, failure: null })).toMatchObject({ verdict });
});

test('N20: the real API takes an expression that never fires, and the check says that no backup is taken', async () => {
  const { api } = await cluster();
  const namespace = await ownNamespace(api);
  await api.create(`/apis/batch/v1/namespaces/${namespace}/cronjobs`, cronJobAt('0 0 30 2 *'), signal);
  expect(await judged(cronJobRuns({ namespace, name: 'backup', rpo: '25h' }))).toMatchObject({
    verdict: 'breached',
    cause: 'schedule-never-fires',
  });
});

const cronJobAt = (schedule: string) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'backup' },
  spec: {
    schedule,
    jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } } },
  },
});

const isComputable = (cron: string): boolean => {
  try {
    return longestGapMs({ cron, timeZone: 'UTC' }, new Date()) > 0;
  } catch {
    return false;
  }
};

test('a placeholder that was left in a live Secret is named, and no value of it is shown', async () => {
  const { api } = await cluster();
  const namespace = await ownNamespace(api);
  const stringData = { id: 'REPLACE_WITH_KEY_ID', other: 'a-real-value' };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'writer' }, stringData };
  await api.create(`/api/v1/namespaces/${namespace}/secrets`, secret, signal);
  const { verdict, sentence } = await judged(noPlaceholders({ namespaces: [namespace] }));
  expect(verdict).toBe('breached');
  expect(sentence).toContain(`Secret ${namespace}/writer: expected data.id filled in, found REPLACE_WITH_KEY_ID`);
  expect(sentence).not.toContain('a-real-value');
});

test('credentials that have expired are refused by S3, and the sentence says with what', async () => {
  const { api } = await cluster();
  const namespace = await ownNamespace(api);
  const check = credentialsAccepted({ namespace, secret: 'writer', bucket: 'b', prefix: 'nats/' });
  expect((await judged(check)).sentence).toContain('no such Secret');
  const stringData = { AWS_ACCESS_KEY_ID: 'ASIAEXPIRED', AWS_SECRET_ACCESS_KEY: 'not-for-the-record' };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'writer' }, stringData };
  await api.create(`/api/v1/namespaces/${namespace}/secrets`, secret, signal);

  // LocalStack accepts every key; this server answers as S3 does: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
  const server = createServer((_, response) => {
    response.writeHead(400, { 'content-type': 'application/xml' });
    response.end('<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const refusing = withPlace(target, s3Store, {
    ...(await target.place(s3Store)),
    endpoint: `http://127.0.0.1:${port}`,
  });
  const { verdict, sentence } = await judged(check, refusing);
  expect(verdict).toBe('breached');
  expect(sentence).toContain('found S3 answers 400 ExpiredToken. Issue new ones');
  expect(sentence).not.toContain('not-for-the-record');
});

test('the real API refuses a manifest, and the object and the field are named', async () => {
  const folder = await scratch();
  const name = `made-up-${newDrillId()}`;
  const documents = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'good', namespace: name }, data: { a: 'b' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bad', namespace: name }, dta: { a: 'b' } },
    { apiVersion: 'velero.io/v1', kind: 'Schedul', metadata: { name: 'daily', namespace: name }, spec: {} },
  ];
  await writeFile(join(folder, 'all.yaml'), documents.map((each) => JSON.stringify(each)).join('\n---\n'));
  await writeFile(join(folder, 'kustomization.yaml'), 'resources: [all.yaml]\n');
  const check = serverAccepts({ kustomization: folder });
  const { verdict, sentence } = await judged(check);
  expect(verdict).toBe('breached');
  expect(sentence).toMatch(new RegExp(`2 of 4 manifest objects .*ConfigMap ${name}/bad.*dta`));
  const { api } = await cluster();
  expect(await api.findObject(`/api/v1/namespaces/${name}`, signal)).toBeUndefined();
});

test('C10: a Velero Schedule into a location that is read only takes no backup, and the sentence says why', async () => {
  const { api, veleroNamespace } = await cluster();
  const namespace = await ownNamespace(api);
  const name = `dr-${newDrillId()}`;
  const path = (plural: string) => `/apis/velero.io/v1/namespaces/${veleroNamespace}/${plural}`;
  const made = async (plural: string, kind: string, spec: object) => {
    await api.create(path(plural), { apiVersion: 'velero.io/v1', kind, metadata: { name }, spec }, signal);
    onTestFinished(async () => void (await api.delete(`${path(plural)}/${name}`, signal)));
  };
  const { spec } = await api.getObject(`${path('backupstoragelocations')}/default`, signal);
  const location = { ...(spec as object), default: false, accessMode: 'ReadOnly' };
  await made('backupstoragelocations', 'BackupStorageLocation', location);
  const template = { includedNamespaces: [namespace], storageLocation: name };
  await made('schedules', 'Schedule', { schedule: '0 2 29 2 *', template });
  const found = await waitFor(
    {
      for: 'Velero to look at the schedule',
      budgetMs: 60_000,
      look: async () => {
        const made = await judged(veleroScheduleRuns({ name, rpo: '40000h' }));
        return made.sentence.includes('Velero says') ? notYet(made.sentence) : arrived(made);
      },
    },
    systemClock,
    signal,
  );
  expect(found).toMatchObject({
    verdict: 'breached',
    cause: 'schedule-takes-no-backup',
    sentence: expect.stringContaining('ReadOnly'),
  });
});

test('a Velero backup counts when it lies in the bucket, whatever its object says; a paused schedule takes none', async () => {
  const { api, veleroNamespace } = await cluster();
  const namespace = await ownNamespace(api);
  const schedule = `dr-${newDrillId()}`;
  const path = (plural: string) => `/apis/velero.io/v1/namespaces/${veleroNamespace}/${plural}`;
  const template = { includedNamespaces: [namespace], storageLocation: 'default', ttl: '1h0m0s' };
  const made = (kind: string, name: string, spec: object, labels = {}) => ({
    apiVersion: 'velero.io/v1',
    kind,
    metadata: { name, labels },
    spec,
  });
  await api.create(
    path('schedules'),
    made('Schedule', schedule, { schedule: '0 2 29 2 *', paused: true, template }),
    signal,
  );
  onTestFinished(async () => void (await api.delete(`${path('schedules')}/${schedule}`, signal)));
  const paused = await judged(veleroScheduleRuns({ name: schedule, rpo: '25h' }));
  expect(paused).toMatchObject({ verdict: 'breached', sentence: expect.stringContaining('is paused') });

  const check = veleroBackups({ schedule, ...levels });
  expect((await judged(check)).verdict).toBe('unproven');
  const backUp = async (name: string, spec: object) => {
    await api.create(path('backups'), made('Backup', name, spec, { 'velero.io/schedule-name': name }), signal);
    await waitFor(
      {
        for: 'Velero to end the backup',
        budgetMs: 60_000,
        look: async (looking) => {
          const { status } = await api.getObject(`${path('backups')}/${name}`, looking);
          const text = JSON.stringify(status ?? {});
          return text.includes('"phase":"Completed"') ? arrived(undefined) : notYet(text);
        },
      },
      systemClock,
      signal,
    );
  };
  // C28: a mistyped selector matches nothing, and Velero still completes the backup.
  const typo = `${schedule}-typo`;
  const choosing = { ...template, labelSelector: { matchLabels: { app: 'shpo' } } };
  await api.create(path('schedules'), made('Schedule', typo, { schedule: '0 2 29 2 *', template: choosing }), signal);
  onTestFinished(async () => void (await api.delete(`${path('schedules')}/${typo}`, signal)));
  await backUp(typo, choosing);
  expect(await judged(veleroBackups({ schedule: typo, ...levels }))).toMatchObject({
    verdict: 'breached',
    cause: 'backup-empty',
    sentence: expect.stringContaining('nothing of the namespaces is in it'),
  });
  await waitFor(
    {
      for: 'Velero to enable the schedule',
      budgetMs: 60_000,
      look: async () => {
        const { sentence } = await judged(veleroScheduleRuns({ name: typo, rpo: '25h' }));
        return sentence.includes('nothing of the namespaces is in its newest backup')
          ? arrived(undefined)
          : notYet(sentence);
      },
    },
    systemClock,
    signal,
  );
  const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: 'b' } };
  await api.create(`/api/v1/namespaces/${namespace}/configmaps`, settings, signal);
  await backUp(schedule, template);
  expect(await judged(check)).toMatchObject({ verdict: 'met' });
  const { backupPrefix } = await target.place(sharedKubernetes);
  const client = s3Client(await target.place(s3Store), { maxAttempts: 3 });
  onTestFinished(() => client.destroy());
  const Key = `${backupPrefix}/backups/${schedule}/${schedule}.tar.gz`;
  await client.send(new DeleteObjectCommand({ Bucket: (await target.place(s3Store)).backupBucket, Key }));
  const { verdict, sentence } = await judged(check);
  expect(verdict).toBe('breached');
  expect(sentence).toMatch(
    /none of 1 attempt left a whole recovery point .*Completed, \d+ items, 0 errors.*nothing lies in s3:/,
  );
});
