import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { Toolchain } from '../../model/target.ts';
import { runCommand } from '../../process/run.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { sharedNats } from '../../systems/nats/service.ts';
import { s3Store } from '../../systems/s3/service.ts';
import { attachTo } from '../attach.ts';
import { freePort } from '../ports.ts';
import { openTarget, startTarget } from '../start.ts';
import { processes } from './attach.ts';
import { asProcesses } from './runtime.ts';
import { accepts, patient, processesLeft, startParts, streamNames, testToolchain } from './testing.ts';

let toolchain: Toolchain;
let scratch: string;

beforeAll(async () => {
  toolchain = await testToolchain();
});

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'drc-'));
  vi.stubEnv('DR_CONTRACTS_SCRATCH', scratch);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(scratch, { recursive: true, force: true });
  });
});

test('every part answers, and after the stop no process, folder or port is left', async () => {
  const started = await startParts(toolchain, 'nats', 's3', 'kubernetes', 'velero');
  onTestFinished(() => started[Symbol.asyncDispose]());
  const target = attachTo(processes, JSON.parse(JSON.stringify(started.handle)), { clock: systemClock });

  const nats = await target.place(sharedNats);
  expect(await streamNames(nats.url)).toEqual([]);
  expect(nats.settings).toMatchObject({ sync_interval: '2 min', max_payload: '1.0 MiB' });

  const { endpoint, region, accessKeyId, secretAccessKey, backupBucket } = await target.place(s3Store);
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
  });
  const versioning = await client.send(new GetBucketVersioningCommand({ Bucket: backupBucket }));
  client.destroy();
  expect(versioning.Status).toBe('Enabled');

  const { kubeconfigPath, backupPrefix } = await target.place(sharedKubernetes);
  const kubectl = async (...args: string[]) =>
    (
      await runCommand(
        { name: 'kubectl', file: target.tool('kubectl'), args, env: { KUBECONFIG: kubeconfigPath } },
        patient,
      )
    ).stdout;
  const location = JSON.parse(await kubectl('-n', 'velero', 'get', 'backupstoragelocation', 'default', '-o', 'json'));
  expect(location).toMatchObject({
    spec: { objectStorage: { bucket: backupBucket, prefix: backupPrefix } },
    status: { phase: 'Available', lastSyncedTime: expect.any(String) },
  });
  const server = await kubectl('config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}');

  const addresses = [nats.url, endpoint, server];
  expect(await Promise.all(addresses.map(accepts))).toEqual([true, true, true]);
  expect(processesLeft(started.handle.sessionDir).length).toBeGreaterThanOrEqual(6);
  await started[Symbol.asyncDispose]();
  expect(await Promise.all(addresses.map(accepts))).toEqual([false, false, false]);
  expect(processesLeft(started.handle.sessionDir)).toEqual([]);
  expect(readdirSync(scratch)).toEqual([]);
});

test('two targets at once do not get in each other’s way', async () => {
  const [one, two] = await Promise.all([startParts(toolchain, 'nats', 's3'), startParts(toolchain, 'nats', 's3')]);
  onTestFinished(async () => {
    await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
  });
  expect(one.handle.places.nats?.url).not.toBe(two.handle.places.nats?.url);
  await one[Symbol.asyncDispose]();
  expect(await accepts((await two.target.place(s3Store)).endpoint)).toBe(true);
  expect(await streamNames((await two.target.place(sharedNats)).url)).toEqual([]);
});

test('a part that dies while starting says why, and takes the others down with it', async () => {
  const broken = join(scratch, 'broken-nats-server');
  await writeFile(broken, '#!/bin/sh\necho "nats-server: cannot read the moon phase" >&2\nexit 3\n');
  await chmod(broken, 0o755);
  const substituted: Toolchain = {
    ...toolchain,
    path: (name) => (name === 'nats-server' ? broken : toolchain.path(name)),
  };
  const failed: unknown = await startParts(substituted, 's3', 'nats').catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(ExplainedError);
  expect(String(failed)).toMatch(/nats-shared.*exit 3.*cannot read the moon phase/);
  expect(readdirSync(scratch)).toEqual(['broken-nats-server']);
});

test('a fixed port that is occupied is named, and nothing stays', async () => {
  const nats = await freePort();
  const squatter = createServer().listen(nats, '127.0.0.1');
  await once(squatter, 'listening');
  onTestFinished(() => void squatter.close());
  const starting = startTarget(asProcesses({ ports: { nats } }), {
    toolchain,
    parts: ['nats'],
    clock: systemClock,
    signal: patient,
    progress: () => undefined,
  });
  await expect(starting).rejects.toThrow(`port ${nats} on 127.0.0.1 to be free`);
  expect(readdirSync(scratch)).toEqual([]);
});

test('an aborted start ends at once and leaves nothing', async () => {
  const abort = new AbortController();
  const starting = startTarget(asProcesses(), {
    toolchain,
    parts: ['s3', 'nats', 'velero'],
    clock: systemClock,
    signal: abort.signal,
    progress: (message) => message.startsWith('nats') && abort.abort(new Error('Ctrl-C')),
  });
  await expect(starting).rejects.toThrow('Ctrl-C');
  expect(readdirSync(scratch)).toEqual([]);
});

test('a part that nobody asked for is refused by name', async () => {
  const started = await startParts(toolchain, 'nats');
  onTestFinished(() => started[Symbol.asyncDispose]());
  await expect(started.target.place(s3Store)).rejects.toThrow(/part s3/);
  await expect(started.target.place(sharedKubernetes)).rejects.toThrow(/part kubernetes/);
  expect(existsSync(started.handle.sessionDir)).toBe(true);
});

test('pods are refused with the target that has them', async () => {
  const starting = startTarget(asProcesses(), {
    toolchain,
    parts: ['kubernetes', 'pods'],
    clock: systemClock,
    signal: patient,
    progress: () => undefined,
  });
  await expect(starting).rejects.toThrow('--target docker');
});

test('a part starts as soon as its own programs are there, and one whose programs cannot be had takes no other along', async () => {
  const cluster = Promise.withResolvers<Toolchain>();
  cluster.promise.catch(() => undefined);
  const opened = await openTarget(asProcesses(), {
    needs: ['nats', 'kubernetes'],
    programs: (parts) => (parts.includes('kubernetes') ? cluster.promise : Promise.resolve(toolchain)),
    clock: systemClock,
    signal: patient,
    progress: () => undefined,
  });
  onTestFinished(() => opened[Symbol.asyncDispose]());
  const waiting = opened.untilReady(['nats', 'kubernetes']);
  waiting.catch(() => undefined);
  const { target } = await opened.untilReady(['nats']);
  expect(target.capabilities).toEqual(['nats']);
  await expect(target.place(s3Store)).rejects.toThrow(/it was not requested when the target was started/);
  const { url } = await target.place(sharedNats);
  expect(await streamNames(url)).toEqual([]);
  cluster.reject(new Error('no compiler'));
  await expect(waiting).rejects.toThrow('no compiler');
  expect(await streamNames(url)).toEqual([]);
  // Every caller gets the same server.
  expect((await (await opened.untilReady(['nats'])).target.place(sharedNats)).url).toBe(url);
});
