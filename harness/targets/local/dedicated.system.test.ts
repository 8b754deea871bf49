import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CopyObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { s3Client } from '../../clients/s3.ts';
import { systemClock } from '../../clock/clock.ts';
import { runCommand } from '../../process/run.ts';
import type { KubernetesPlace } from '../../systems/kubernetes/service.ts';
import { kubernetesRegions, ownKubernetes } from '../../systems/kubernetes/service.ts';
import { ownNats, sharedNats } from '../../systems/nats/service.ts';
import type { S3Place } from '../../systems/s3/service.ts';
import { s3Store } from '../../systems/s3/service.ts';
import { attachTo } from '../attach.ts';
import type { StartedTarget } from '../start.ts';
import { processes } from './attach.ts';
import { accepts, patient, startParts, streamNames, testToolchain } from './testing.ts';

let started: StartedTarget;
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'drc-'));
  vi.stubEnv('DR_CONTRACTS_SCRATCH', scratch);
  started = await startParts(await testToolchain(), 'nats', 'velero');
});

afterAll(async () => {
  await started?.[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

test('a dedicated NATS server is lost with its data and comes back empty at the same address', async () => {
  const target = attachTo(processes, started.handle, { clock: systemClock });
  const nats = await target.place(ownNats, { label: 'Orders!' }, patient);
  onTestFinished(() => nats[Symbol.asyncDispose]());
  const connection = await connect({ servers: nats.url, reconnect: false });
  await (await jetstreamManager(connection)).streams.add({ name: 'ORDERS', subjects: ['orders'] });
  await jetstream(connection).publish('orders', 'one');
  expect(await streamNames(nats.url)).toEqual(['ORDERS']);

  await expect(nats.replace(patient)).rejects.toThrow('the server still runs');
  expect(await nats.lose()).toMatch(/SIGKILL.*page cache kept.*removed/);
  await connection.closed();
  expect(await nats.isAlive()).toBe(false);
  expect(await accepts(nats.url)).toBe(false);
  await expect(nats.lose()).rejects.toThrow('it was lost already');

  await nats.replace(patient);
  expect(await nats.isAlive()).toBe(true);
  expect(await streamNames(nats.url)).toEqual([]);
  expect(await streamNames((await target.place(sharedNats)).url)).toEqual([]);
});

test('a dedicated control plane is lost whole; its replacement is empty and knows the backups in the bucket', async () => {
  const target = attachTo(processes, started.handle, { clock: systemClock });
  const cluster = await target.place(ownKubernetes, { label: 'config' }, patient);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const run = (tool: 'kubectl' | 'velero', ...args: string[]) => stdoutOf(target.tool(tool), args, cluster);

  await run('kubectl', 'create', 'namespace', 'shop');
  await run('kubectl', '-n', 'shop', 'create', 'configmap', 'prices', '--from-literal=apple=3');
  await run('velero', 'backup', 'create', 'before', '--include-namespaces', 'shop', '--wait');
  const kubeconfigBefore = await readFile(cluster.kubeconfigPath, 'utf8');

  expect(await cluster.lose()).toMatch(/velero.*etcd.*SIGKILL|SIGKILL.*velero.*etcd/);
  expect(await cluster.isAlive()).toBe(false);
  await expect(run('kubectl', 'get', 'namespaces')).rejects.toThrow();

  await cluster.replace(patient);
  expect(await readFile(cluster.kubeconfigPath, 'utf8')).not.toBe(kubeconfigBefore);
  expect(await run('kubectl', 'get', 'namespaces', '-o', 'name')).not.toContain('shop');
  expect(JSON.parse(await run('velero', 'backup', 'get', 'before', '-o', 'json'))).toMatchObject({
    status: { phase: 'Completed' },
  });

  await run('velero', 'restore', 'create', '--from-backup', 'before', '--wait');
  expect(await run('kubectl', '-n', 'shop', 'get', 'configmap', 'prices', '-o', 'jsonpath={.data.apple}')).toBe('3');
});

test('B38: the standby region knows a backup that was copied into its bucket as soon as the other region is lost', async () => {
  const target = attachTo(processes, started.handle, { clock: systemClock });
  const pair = await target.place(kubernetesRegions, { label: 'pair' }, patient);
  onTestFinished(() => pair[Symbol.asyncDispose]());
  const { primary, standby } = pair.regions;
  const run = (tool: 'kubectl' | 'velero', ...args: string[]) => stdoutOf(target.tool(tool), args, pair);
  await run('kubectl', 'create', 'namespace', 'shop');
  await run('velero', 'backup', 'create', 'copied', '--include-namespaces', 'shop', '--wait');
  await copyBucket(await target.place(s3Store), primary.bucket, standby.bucket);

  expect(await pair.lose()).toMatch(/SIGKILL.*removed with every version.*Velero was restarted/);
  await pair.replace(patient);
  // At once, not at the next read up to a minute later.
  expect(JSON.parse(await run('velero', 'backup', 'get', 'copied', '-o', 'json'))).toMatchObject({
    status: { phase: 'Completed' },
  });
  expect(pair.settings['velero backup sync']).toContain('added to RTA as backup-sync');
  expect(await pair.isAlive()).toBe(true);
});

async function copyBucket(place: S3Place, from: string, to: string): Promise<void> {
  const client = s3Client(place);
  try {
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: from })) {
      for (const { Key } of Contents) {
        await client.send(new CopyObjectCommand({ Bucket: to, Key, CopySource: `${from}/${Key}` }));
      }
    }
  } finally {
    client.destroy();
  }
}

async function stdoutOf(file: string, args: string[], { kubeconfigPath }: KubernetesPlace): Promise<string> {
  const { stdout } = await runCommand(
    { name: args.slice(0, 3).join(' '), file, args, env: { KUBECONFIG: kubeconfigPath } },
    patient,
  );
  return stdout;
}
