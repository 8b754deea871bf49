import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { s3Client } from '../clients/s3.ts';
import { renderManifests } from '../manifests/render.ts';
import { sharedKubernetes } from '../systems/kubernetes/service.ts';
import { beginDrill } from '../systems/nats/testing.ts';
import { s3Store } from '../systems/s3/service.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import type { SmallDrill } from '../testing/small-drill.ts';
import { cronJob } from './cron-job.ts';

// Lines of the platform's plan that no contract shows: what the daily job does when somebody starts it by hand, when it has no
// credentials, and with what grows old.

const target = sharedTarget();
const platform = {
  manifests: 'fixtures/platform/manifests/nats-backup',
  name: 'nats-backup',
  restore: 'fixtures/platform/scripts/nats-restore.sh',
};
const stream = { name: 'orders', subjects: ['orders.paid'], messages: 20 };
const begin = () => beginDrill(target, 'stream-deleted', { streams: [stream] });
const HOUR_MS = 3_600_000;

/** Where the process of the job has the claim that the CronJob keeps its local copies in. */
const localCopies = ({ step, drillId }: SmallDrill): string =>
  join(step.scratchDir, `claims-${drillId}`, 'nats-backup-local');

const liveJob = z.looseObject({
  metadata: z.looseObject({
    annotations: z.record(z.string(), z.string()),
    ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string() })),
  }),
  spec: z.looseObject({}),
});
const liveList = z.looseObject({ items: z.array(z.looseObject({ kind: z.string() })) });

/** Puts the platform's CronJob into a namespace of its own, and has kubectl create a Job from it. Returns what the API then says. */
async function triggeredByHand() {
  const { kubeconfigPath } = await target.place(sharedKubernetes);
  const namespace = `dr-by-hand-${process.pid}`;
  const folder = await mkdtemp(join(tmpdir(), 'dr-by-hand-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const kubectl = async (...args: string[]) =>
    (await execa(target.tool('kubectl'), ['--kubeconfig', kubeconfigPath, '--namespace', namespace, ...args])).stdout;
  await kubectl('create', 'namespace', namespace);
  onTestFinished(() => kubectl('delete', 'namespace', namespace, '--wait=false').then(() => undefined));
  const objects = await renderManifests(target.tool('kubectl'), platform.manifests, AbortSignal.timeout(30_000));
  const items = objects.map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }));
  const file = join(folder, 'platform.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await kubectl('create', '--validate=strict', '--filename', file);
  await kubectl('create', 'job', 'by-hand', '--from=cronjob/nats-backup');
  const job = liveJob.parse(JSON.parse(await kubectl('get', 'job', 'by-hand', '--output', 'json')));
  const { items: others } = liveList.parse(JSON.parse(await kubectl('get', 'configmaps,secrets', '--output', 'json')));
  return { namespace, folder, job, others };
}

describe('the daily job of the platform', () => {
  test('a Job that kubectl creates from the live CronJob completes, and its archive lies in the bucket', async () => {
    const { namespace, folder, job, others } = await triggeredByHand();
    expect(job.metadata.annotations).toMatchObject({ 'cronjob.kubernetes.io/instantiate': 'manual' });
    expect(job.metadata.ownerReferences).toMatchObject([{ kind: 'CronJob', name: 'nats-backup' }]);
    // No pod runs here: the Job that the API holds, with the script and the Secret that it holds, runs as a process.
    const asLive = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'by-hand', namespace },
      spec: { schedule: '15 2 * * *', jobTemplate: { spec: job.spec } },
    };
    const manifests = join(folder, 'live.yaml');
    await writeFile(manifests, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [asLive, ...others] }));
    const procedure = cronJob({ ...platform, manifests, name: 'by-hand' });
    await using drill = await begin();
    const point = await drill.backUp(procedure);
    expect(point).toMatchObject({ objects: 2, claimed: expect.stringContaining('uploaded and verified s3://') });
    expect(point.location).toContain('/nats/daily/');
    await drill.strike();
    await drill.restore(point, procedure);
    const { items, firstDifferences } = await drill.compare();
    expect(firstDifferences).toEqual([]);
    expect(items.find(({ kind }) => kind === 'messages')).toMatchObject({ expected: 20, matched: 20 });
  });

  test('without credentials the upload is skipped, the job says so and exits 0, and the local backup stays', async () => {
    await using drill = await begin();
    const without = cronJob({ ...platform, secrets: { 'nats-backup-s3': null } });
    await expect(drill.backUp(without)).rejects.toThrow(
      /exited 0 and left nothing there.*kept \/var\/backups\/nats\/\S+; local copies: 1.*S3\/GCS upload skipped \(credentials not configured\)/s,
    );
    const [copy = '', ...more] = await readdir(localCopies(drill));
    expect(more).toEqual([]);
    const folder = join(localCopies(drill), copy);
    expect((await readdir(folder)).toSorted()).toEqual(['streams.tar', 'streams.tar.sha256']);
    // It is a backup: the platform's own script restores every stream from it.
    const { NATS_URL = '' } = drill.asset.environment();
    await drill.strike();
    const tools = ['nats', 'aws'].map((name) => join(target.tool(name as 'nats'), '..'));
    const { stdout } = await execa(platform.restore, [], {
      env: {
        NATS_URL,
        RECOVERY_POINT: folder,
        WORK_DIR: drill.step.scratchDir,
        HOME: drill.step.scratchDir,
        PATH: [...tools, process.env['PATH']].join(':'),
      },
    });
    expect(stdout).toContain('restored');
    expect((await drill.compare()).firstDifferences).toEqual([]);
  });

  test('local copies older than seven days go, and younger ones stay', async () => {
    await using drill = await begin();
    const folder = localCopies(drill);
    const ages = {
      'eight-days': 8 * 24,
      'seven-days-and-an-hour': 7 * 24 + 1,
      'almost-seven-days': 7 * 24 - 1,
      today: 1,
    };
    for (const [name, hours] of Object.entries(ages)) {
      await mkdir(join(folder, name), { recursive: true });
      await writeFile(join(folder, name, 'streams.tar'), name);
      const then = new Date(Date.now() - hours * HOUR_MS);
      await utimes(join(folder, name), then, then);
    }
    const { claimed } = await drill.backUp(cronJob(platform));
    const made = /kept \/var\/backups\/nats\/(\S+); local copies: 3/.exec(claimed)?.[1];
    expect((await readdir(folder)).toSorted()).toEqual([made, 'almost-seven-days', 'today'].toSorted());
  });

  test('the bucket keeps a daily archive for thirty days: S3 says of each when it ends', async () => {
    const client = s3Client(await target.place(s3Store));
    const bucket = `dr-thirty-days-${process.pid}`;
    const Key = 'nats/daily/20260101T021500.000000000Z/streams.tar';
    onTestFinished(async () => {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
      await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      client.destroy();
    });
    const CreateBucketConfiguration = { LocationConstraint: 'us-west-2' as const };
    await client.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }));
    const LifecycleConfiguration = JSON.parse(await readFile('fixtures/platform/bucket/lifecycle.json', 'utf8'));
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration }));
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
    const { Expiration = '', LastModified } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    const [, date = '', rule] = /expiry-date="([^"]+)", rule-id="([^"]+)"/.exec(Expiration) ?? [];
    expect(rule).toBe('nats-daily-30-days');
    const days = (Date.parse(date) - Number(LastModified)) / (24 * HOUR_MS);
    // At the midnight after thirty days have passed.
    expect(days).toBeGreaterThanOrEqual(30);
    expect(days).toBeLessThanOrEqual(31);
  });
});
