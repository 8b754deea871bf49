import { readFile, stat } from 'node:fs/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { runCommand } from '../../process/run.ts';
import type { KubernetesPlace } from '../../systems/kubernetes/service.ts';
import { ownKubernetes, sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { ownNats, sharedNats } from '../../systems/nats/service.ts';
import { s3Store } from '../../systems/s3/service.ts';
import { attachTo } from '../attach.ts';
import { accepts, streamNames } from '../local/testing.ts';
import type { StartedTarget } from '../start.ts';
import { containers } from './attach.ts';
import { ContainerLog, isContainerRunning, loadContainers, untilStarted } from './start-container.ts';
import { ownScratch } from './testing/own-scratch.ts';
import { leftOf, patient, startParts } from './testing.ts';

let started: StartedTarget;

beforeAll(async () => {
  await ownScratch();
  started = await startParts('nats', 's3', 'velero');
});

afterAll(async () => {
  const session = started?.target.sessionId;
  await started?.[Symbol.asyncDispose]();
  if (session !== undefined) expect(await leftOf(session)).toEqual([]);
  vi.unstubAllEnvs();
});

const attached = () => attachTo(containers, JSON.parse(JSON.stringify(started.handle)), { clock: systemClock });

test('every part answers on loopback, and the record can say which images and versions it was', async () => {
  const target = attached();
  expect(await streamNames((await target.place(sharedNats)).url)).toEqual([]);
  const listed = await runCommand(
    {
      name: 'aws s3 ls',
      file: target.tool('aws'),
      args: [
        '--endpoint-url',
        (await target.place(s3Store)).endpoint,
        '--region',
        (await target.place(s3Store)).region,
        's3',
        'ls',
      ],
      env: {
        AWS_ACCESS_KEY_ID: (await target.place(s3Store)).accessKeyId,
        AWS_SECRET_ACCESS_KEY: (await target.place(s3Store)).secretAccessKey,
      },
    },
    patient,
  );
  expect(listed.stdout).toContain((await target.place(s3Store)).backupBucket);
  const cluster = await target.place(sharedKubernetes);
  expect(await kubectl(cluster, 'get', 'nodes', '-o', 'name')).toMatch(/^node\/\S+-control-plane$/);
  expect((await stat(cluster.kubeconfigPath)).mode & 0o777).toBe(0o600);
  expect(cluster.settings).toMatchObject({ nodes: '1', 'kubelet version': expect.stringMatching(/^v1\./) });
  const images = target.tools.filter(({ name }) => name.startsWith('image '));
  expect(images).toHaveLength(5);
  for (const { source } of images) expect(source).toMatch(/sha256:[0-9a-f]{64}$/);
});

test('a container that does not become ready is named with what it wrote last, and is gone', async () => {
  const { LoopbackContainer, Wait } = await loadContainers();
  const name = `never-ready-${process.pid}`;
  const log = new ContainerLog();
  const starting = new LoopbackContainer('busybox:1.35')
    .withName(name)
    .withCommand(['sh', '-c', 'echo the disk is full; sleep 60'])
    .withLogConsumer(log.consume)
    .withWaitStrategy(Wait.forLogMessage('ready'))
    .withStartupTimeout(3_000)
    .start();
  await expect(untilStarted(name, starting, log, systemClock, patient)).rejects.toThrow(
    new RegExp(`container ${name}: .*the disk is full`),
  );
  expect(await isContainerRunning(name, patient)).toBe(false);
});

test('a dedicated NATS server is lost with its volume and comes back empty at the same address', async () => {
  const nats = await attached().place(ownNats, { label: 'Orders!' }, patient);
  onTestFinished(() => nats[Symbol.asyncDispose]());
  const connection = await connect({ servers: nats.url, reconnect: false });
  await (await jetstreamManager(connection)).streams.add({ name: 'ORDERS', subjects: ['orders'] });
  await jetstream(connection).publish('orders', 'one');
  await expect(nats.replace(patient)).rejects.toThrow('the server still runs');

  expect(await nats.lose()).toMatch(/SIGKILL.*page cache kept.*volume removed/);
  await connection.closed();
  expect(await nats.isAlive()).toBe(false);
  expect(await accepts(nats.url)).toBe(false);
  await expect(nats.lose()).rejects.toThrow('it was lost already');

  await nats.replace(patient);
  expect(await nats.isAlive()).toBe(true);
  expect(await streamNames(nats.url)).toEqual([]);
});

test('a dedicated cluster is lost whole; another one restores from the bucket alone', async () => {
  const target = attached();
  const cluster = await target.place(ownKubernetes, { label: 'config' }, patient);
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const velero = (...args: string[]) => run(target.tool('velero'), args, cluster);
  await kubectl(cluster, 'create', 'namespace', 'shop');
  await kubectl(cluster, '-n', 'shop', 'create', 'configmap', 'prices', '--from-literal=apple=3');
  await velero('backup', 'create', 'before', '--include-namespaces', 'shop', '--wait');
  const kubeconfigBefore = await readFile(cluster.kubeconfigPath, 'utf8');

  expect(await cluster.lose()).toMatch(/1 node container killed with SIGKILL/);
  expect(await cluster.isAlive()).toBe(false);
  await expect(kubectl(cluster, 'get', 'namespaces')).rejects.toThrow();

  await cluster.replace(patient);
  expect(await readFile(cluster.kubeconfigPath, 'utf8')).not.toBe(kubeconfigBefore);
  expect(await kubectl(cluster, 'get', 'namespaces', '-o', 'name')).not.toContain('shop');
  await velero('restore', 'create', '--from-backup', 'before', '--wait');
  expect(await kubectl(cluster, '-n', 'shop', 'get', 'configmap', 'prices', '-o', 'jsonpath={.data.apple}')).toBe('3');
});

test('node ports are handed out once each, and again when they were given back', async () => {
  const cluster = await attached().place(sharedKubernetes);
  const first = await cluster.nodes.exposePort();
  const second = await attached()
    .place(sharedKubernetes)
    .then((again) => again.nodes.exposePort());
  expect(first?.nodePort).not.toBe(second?.nodePort);
  await first?.[Symbol.asyncDispose]();
  expect((await cluster.nodes.exposePort())?.nodePort).toBe(first?.nodePort);
});

const kubectl = (cluster: KubernetesPlace, ...args: string[]) => run(attached().tool('kubectl'), args, cluster);

async function run(file: string, args: string[], { kubeconfigPath }: KubernetesPlace): Promise<string> {
  const { stdout } = await runCommand(
    { name: args.slice(0, 3).join(' '), file, args, env: { KUBECONFIG: kubeconfigPath } },
    patient,
  );
  return stdout.trim();
}
