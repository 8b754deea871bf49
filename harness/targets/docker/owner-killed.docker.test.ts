import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { sharedNats } from '../../systems/nats/service.ts';
import { collectGarbage } from '../garbage.ts';
import { parseHandle } from '../handle.ts';
import { streamNames } from '../local/testing.ts';
import { docker } from './docker-command.ts';
import { ownScratch } from './testing/own-scratch.ts';
import { leftOf, patient, startParts } from './testing.ts';

const ownerProgram = fileURLToPath(new URL('./testing/owner-of-a-target.ts', import.meta.url));

test('after kill -9 of its owner a target is collected: container, volume, network, cluster, and nothing else', async () => {
  const scratch = await ownScratch();
  const survivor = await startParts('nats');
  const stranger = `not-of-a-drill-${survivor.target.sessionId}`;
  await docker(['volume', 'create', '--label', 'somebody=else', stranger], patient);
  onTestFinished(async () => {
    await survivor[Symbol.asyncDispose]();
    await docker(['volume', 'rm', stranger], patient);
    vi.unstubAllEnvs();
  });

  const owner = spawn(process.execPath, [ownerProgram, 'nats', 'kubernetes'], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', DR_CONTRACTS_SCRATCH: scratch },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(owner.stdout), 'line');
  const { sessionDir, places } = parseHandle(JSON.parse(String(line)), 'docker');
  const [id = ''] = sessionDir.split('/').slice(-1);
  expect((await collectGarbage()).docker.map(({ sessionId }) => sessionId)).not.toContain(id);

  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const before = await leftOf(id);
  expect(before.map((resource) => resource.split(' ')[0])).toEqual(['cluster', 'container', 'network', 'volume']);
  const report = await collectGarbage();
  expect(report.problems).toEqual([]);
  expect(report.docker.find(({ sessionId }) => sessionId === id)).toMatchObject({
    clusters: [places.kubernetes?.node?.name],
  });
  expect(await leftOf(id)).toEqual([]);
  expect(await readdir(scratch)).toEqual([survivor.target.sessionId]);

  expect(await streamNames((await survivor.target.place(sharedNats)).url)).toEqual([]);
  expect((await docker(['volume', 'inspect', stranger], patient)).stdout).toContain('somebody');
});

test('what a dead owner left in docker is collected even when its folder is gone', async () => {
  const scratch = await ownScratch();
  const owner = spawn(process.execPath, [ownerProgram, 'nats'], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', DR_CONTRACTS_SCRATCH: `${scratch}/other` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(owner.stdout), 'line');
  const [id = ''] = parseHandle(JSON.parse(String(line)), 'docker')
    .sessionDir.split('/')
    .slice(-1);
  expect((await collectGarbage()).docker.map(({ sessionId }) => sessionId)).not.toContain(id);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect((await collectGarbage({ dryRun: true })).docker.map(({ sessionId }) => sessionId)).toContain(id);
  expect(await leftOf(id)).not.toEqual([]);
  await collectGarbage();
  expect(await leftOf(id)).toEqual([]);
  vi.unstubAllEnvs();
});
