import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { sharedNats } from '../../systems/nats/service.ts';
import { localToolNames } from '../../toolchain/recipes.ts';
import { collectGarbage } from '../garbage.ts';
import { parseHandle } from '../handle.ts';
import { accepts, processesLeft, startParts, streamNames, testToolchain } from './testing.ts';

const ownerProgram = fileURLToPath(new URL('./testing/owner-of-a-target.ts', import.meta.url));

const servers = [
  'nats-shared',
  'localstack',
  'etcd-shared',
  'kube-apiserver-shared',
  'kube-controller-manager-shared',
  'velero-shared',
];

test('after kill -9 of its owner a target is collected, and another one lives on', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'drc-'));
  vi.stubEnv('DR_CONTRACTS_SCRATCH', scratch);
  const toolchain = await testToolchain();
  const paths = Object.fromEntries(
    localToolNames.map((name) => [`DR_CONTRACTS_${name.toUpperCase().replaceAll('-', '_')}`, toolchain.path(name)]),
  );
  const survivor = await startParts(toolchain, 'nats');
  onTestFinished(async () => {
    await survivor[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
    await rm(scratch, { recursive: true, force: true });
  });

  const owner = spawn(process.execPath, [ownerProgram], {
    env: { PATH: process.env.PATH ?? '', DR_CONTRACTS_SCRATCH: scratch, ...paths },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(owner.stdout), 'line');
  const { sessionDir, places } = parseHandle(JSON.parse(String(line)), 'local');
  expect((await collectGarbage()).collected).toEqual([]);
  expect(await streamNames(places.nats?.url ?? '')).toEqual([]);

  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect(processesLeft(sessionDir).length).toBeGreaterThanOrEqual(servers.length);
  const report = await collectGarbage();
  expect(report.collected.map(({ dir }) => dir)).toEqual([sessionDir]);
  expect(report.collected[0]?.killed.map(({ name }) => name)).toEqual(expect.arrayContaining(servers));
  expect(report.live).toEqual([survivor.target.sessionId]);
  expect(report.problems).toEqual([]);

  await expect.poll(() => processesLeft(sessionDir)).toEqual([]);
  expect(await accepts(places.s3?.endpoint ?? '')).toBe(false);
  expect(readdirSync(scratch)).toEqual([survivor.target.sessionId]);
  expect(await streamNames((await survivor.target.place(sharedNats)).url)).toEqual([]);
});
