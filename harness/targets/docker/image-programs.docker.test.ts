import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { runCommand } from '../../process/run.ts';
import { obtainTools } from '../../project/obtain-tools.ts';
import { inspectToolchain } from '../../toolchain/inspect.ts';
import { docker, dockerLines } from './docker-command.ts';
import { imagePrograms } from './image-programs.ts';
import { dockerSettings } from './settings.ts';
import { onlyDockerIsInstalled } from './testing/bare-path.ts';
import { patient } from './testing.ts';

const step = { clock: systemClock, signal: patient, progress: () => undefined };
const NAMES = ['nats', 'kubectl', 'velero', 'aws'] as const;

test('the programs of the docker target come out of its images, without Go, Python and anything in the cache', async () => {
  const cache = await onlyDockerIsInstalled();
  const toolchain = await obtainTools('docker', NAMES, step);
  expect(toolchain.inUse.map(({ name }) => name).toSorted()).toEqual([...NAMES].toSorted());
  for (const { source } of toolchain.inUse) expect(source).toMatch(/^image \S+ \(sha256:[0-9a-f]{64}\)$/);
  for (const name of NAMES) expect(toolchain.path(name)).toContain(cache);
  // Nothing answers at this address. The test only shows that the program starts, with every library that it loads.
  const env = {
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_MAX_ATTEMPTS: '1',
  };
  const args = ['s3', 'ls', '--endpoint-url', 'http://127.0.0.1:9'];
  await expect(runCommand({ name: 'aws', file: toolchain.path('aws'), args, env }, patient)).rejects.toThrow(
    'Could not connect to the endpoint URL',
  );
  const again = await obtainTools('docker', NAMES, step);
  expect(NAMES.map((name) => again.path(name))).toEqual(NAMES.map((name) => toolchain.path(name)));
  const statuses = await inspectToolchain(imagePrograms(dockerSettings(), step));
  for (const name of NAMES) {
    const status = statuses.find((each) => each.name === name);
    expect(status).toMatchObject({ foundVersion: status?.wantedVersion, source: expect.stringMatching(/^image /) });
  }
  expect(await dockerLines(['ps', '--all', '--filter', 'name=-copy$', '--format', '{{.Names}}'], patient)).toEqual([]);
});

test('a program of another version is refused in one sentence, and nothing of it stays in the cache', async () => {
  await onlyDockerIsInstalled();
  const dir = await mkdtemp(join(tmpdir(), 'dr-other-nats-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const tag = `dr-other-nats:${process.pid}`;
  await writeFile(join(dir, 'nats'), '#!/bin/sh\necho v0.0.1\n', { mode: 0o755 });
  await writeFile(join(dir, 'Dockerfile'), 'FROM busybox:1.35\nCOPY nats /usr/local/bin/nats\n');
  await docker(['build', '--quiet', '--tag', tag, dir], patient);
  onTestFinished(async () => void (await docker(['rmi', tag], patient)));
  vi.stubEnv('DR_CONTRACTS_IMAGE_NATS_BOX', tag);
  const obtained = obtainTools('docker', ['nats'], step);
  await expect(obtained).rejects.toThrow(
    `nats in image ${tag}: expected version 0.5.1, which the drills are tested with, but it is 0.0.1; no go is on PATH`,
  );
  await expect(obtainTools('docker', ['nats'], step)).rejects.toThrow('but it is 0.0.1');
});

test('an image that lacks the program, and one that is not there, are refused by name', async () => {
  await onlyDockerIsInstalled();
  vi.stubEnv('DR_CONTRACTS_PULL', 'never');
  vi.stubEnv('DR_CONTRACTS_IMAGE_NATS_BOX', 'busybox:1.35');
  await expect(obtainTools('docker', ['nats'], step)).rejects.toThrow(/\/usr\/local\/bin\/nats.*no go is on PATH/);
  vi.stubEnv('DR_CONTRACTS_IMAGE_NATS_BOX', 'natsio/nats-box:none-such');
  await expect(obtainTools('docker', ['nats'], step)).rejects.toThrow(
    /image natsio\/nats-box:none-such is not in the docker daemon; no go is on PATH.*DR_CONTRACTS_IMAGE_NATS_BOX/,
  );
});
