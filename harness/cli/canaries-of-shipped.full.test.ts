import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { Secrets } from '../model/secrets.ts';
import type { Capability } from '../model/service.ts';
import type { TargetName } from '../targets/wishes.ts';
import { leaksBelow, leaksIn } from '../testing/canaries.ts';
import { SecretWatch } from '../testing/watched-target.ts';
import type { CommandIo } from './command-io.ts';
import { runDrill } from './drill-command.ts';
import { drillParts } from './real-parts.ts';

const RUN_BUDGET_MS = 1_500_000;
const target: TargetName = process.env['DR_CONTRACTS_TARGET'] === 'docker' ? 'docker' : 'local';
const watch = new SecretWatch(systemClock);
let folder = '';
let printed = '';

async function collected(stream: PassThrough): Promise<string> {
  return (await Array.fromAsync(stream)).join('');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-shipped-'));
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const texts = Promise.all([collected(streams.stdout), collected(streams.stderr)]);
  const io: CommandIo = {
    cwd: process.cwd(),
    config: undefined,
    clock: systemClock,
    signal: AbortSignal.timeout(RUN_BUDGET_MS),
    stdout: streams.stdout as unknown as NodeJS.WriteStream,
    stderr: streams.stderr as unknown as NodeJS.WriteStream,
    environment: {},
    secrets: new Secrets(),
    commandLine: 'dr-contracts drill',
  };
  const parts = {
    ...drillParts,
    startTarget: async (...args: Parameters<typeof drillParts.startTarget>) => {
      const opened = await drillParts.startTarget(...args);
      return {
        untilReady: async (needs: readonly Capability[]) => {
          const { target } = await opened.untilReady(needs);
          return { target: await watch.watched(target) };
        },
        [Symbol.asyncDispose]: async () => await opened[Symbol.asyncDispose](),
      };
    },
  };
  await runDrill({ contracts: [], all: false, keep: false, json: false, target, out: folder }, io, parts);
  await watch[Symbol.asyncDispose]();
  for (const stream of Object.values(streams)) stream.end();
  printed = (await texts).join('\n');
}, RUN_BUDGET_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

it('learns secrets of the target and of its clusters while the shipped contracts are drilled', () => {
  const origins = watch.canaries.map(({ origin }) => origin);
  expect(watch.readings).toBeGreaterThan(10);
  expect(origins).toContain('target, secretAccessKey');
  expect(origins.filter((origin) => origin.startsWith('Secret ')).length).toBeGreaterThan(10);
});

it('finds none of them in any file or line that the run leaves behind', async () => {
  expect(await leaksBelow(folder, watch.canaries)).toEqual([]);
  expect(leaksIn(printed, 'printed', watch.canaries)).toEqual([]);
});
