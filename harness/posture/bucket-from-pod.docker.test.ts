import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, ListObjectVersionsCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KubernetesApi } from '../clients/kubernetes-api.ts';
import { s3Client } from '../clients/s3.ts';
import { newDrillId } from '../contract/drill-contract.ts';
import { SESSION_LABEL } from '../systems/kubernetes/access.ts';
import { sharedKubernetes } from '../systems/kubernetes/service.ts';
import { s3Store } from '../systems/s3/service.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { bucketReachedFromPod } from './checks/bucket-from-pod.ts';
import { recordOf } from './testing/on-place.ts';

const { signal } = new AbortController();
const target = sharedTarget();
const namespace = `dr-${newDrillId()}`;
const bucket = namespace;
const client = s3Client(await target.place(s3Store), { maxAttempts: 3 });
const SECRET = 'writer';
const check = bucketReachedFromPod({
  namespace,
  cronJob: 'backup',
  secret: SECRET,
  bucket,
  prefix: 'nats/',
  region: 'us-west-2',
  build: 'fixtures/platform/images/backup-tools',
});
const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: 10_001,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};
const cronJobs = `/apis/batch/v1/namespaces/${namespace}/cronjobs`;
const secrets = `/api/v1/namespaces/${namespace}/secrets`;

let api: KubernetesApi;
let scratchDir: string;

const looked = async () => await recordOf(check, target, { scratchDir, signal });
const keysOf = async () => (await client.send(new ListObjectVersionsCommand({ Bucket: bucket }))).Versions ?? [];

async function cronJob(container: object): Promise<void> {
  await api.delete(`${cronJobs}/backup`, signal);
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', ...container }] } };
  const spec = { schedule: '0 0 30 2 *', jobTemplate: { spec: { template } } };
  await api.create(cronJobs, { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'backup' }, spec }, signal);
}

const image = { image: 'kgents/backup-tools:1.0.0', imagePullPolicy: 'IfNotPresent', securityContext: restricted };

async function secretWith(stringData: Readonly<Record<string, string>>): Promise<void> {
  await api.delete(`${secrets}/${SECRET}`, signal);
  await api.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: SECRET }, stringData }, signal);
}

beforeAll(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-bucket-from-pod-'));
  await client.send(
    new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: 'us-west-2' } }),
  );
  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  api = new KubernetesApi((await target.place(sharedKubernetes)).kubeconfigPath);
  // Pod security admission is as in the platform's own namespace.
  const labels = { [SESSION_LABEL]: target.sessionId, 'pod-security.kubernetes.io/enforce': 'restricted' };
  await api.create(
    '/api/v1/namespaces',
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
    signal,
  );
});

afterAll(async () => {
  await api?.delete(`/api/v1/namespaces/${namespace}`, signal);
  api?.[Symbol.dispose]();
  client.destroy();
  await rm(scratchDir, { recursive: true, force: true });
});

test('halts while CronJob or Secret is missing, or the Secret is still a placeholder', async () => {
  expect(await looked()).toMatchObject({
    verdict: 'breached',
    halts: 'access',
    cause: 'bucket-not-reached',
    sentence: expect.stringContaining(`CronJob ${namespace}/backup`),
  });
  await cronJob(image);
  expect((await looked()).sentence).toContain(`Secret ${namespace}/${SECRET}: expected everything that the pod needs`);
  await secretWith({ AWS_ACCESS_KEY_ID: 'REPLACE_WITH_KEY', AWS_SECRET_ACCESS_KEY: 'x' });
  expect((await looked()).sentence).toContain('a placeholder in AWS_ACCESS_KEY_ID');
});

test('is clear when the pod lists, writes and reads with nothing but the Secret, and nothing is left of it', async () => {
  await secretWith({ AWS_ACCESS_KEY_ID: 'AKIAOFTHEWRITER00000', AWS_SECRET_ACCESS_KEY: 'secret-of-the-writer' });
  const record = await looked();
  expect(record.sentence).toContain('3 requests from a pod compared, all as promised');
  expect(record).toMatchObject({ verdict: 'met', condition: 'access' });
  expect(record.halts).toBeUndefined();
  expect(JSON.stringify(record)).not.toContain('secret-of-the-writer');
  expect(await keysOf()).toEqual([]);
  expect(await Array.fromAsync(api.list(`/apis/batch/v1/namespaces/${namespace}/jobs`, signal))).toEqual([]);
});

test('halts when the Secret has no key, because the pod finds none elsewhere', async () => {
  await secretWith({ note: 'nothing of use' });
  const { verdict, halts, sentence } = await looked();
  expect({ verdict, halts }).toEqual({ verdict: 'breached', halts: 'access' });
  expect(sentence).toMatch(/3 of 3 requests from a pod are not as promised: .*[Uu]nable to locate credentials/);
});

test('halts when the namespace refuses the pod, and says why', async () => {
  await secretWith({ AWS_ACCESS_KEY_ID: 'AKIAOFTHEWRITER00000', AWS_SECRET_ACCESS_KEY: 'secret-of-the-writer' });
  await cronJob({ ...image, securityContext: {} });
  expect((await looked()).sentence).toMatch(/it was never created: .*violates PodSecurity/);
});
