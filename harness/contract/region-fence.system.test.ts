import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it, onTestFinished } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { mirroredStreams } from '../index.ts';
import type { ProcedureContext } from '../model/procedure.ts';
import { Secrets } from '../model/secrets.ts';
import type { Step } from '../model/step.ts';
import { runFailoverScript } from '../procedures/failover-script.ts';
import { attachTarget } from './attach-target.ts';
import { newDrillId } from './drill-contract.ts';
import { regionScripts } from './testing/region-scripts.ts';

const asset = mirroredStreams({ streams: [{ name: 'orders', subjects: ['orders.created'], messages: 3 }] });

/** Makes a region that was lost before any takeover; `run` runs one of the platform's scripts. */
async function lostRegion(disaster: string) {
  const { handle } = inject('drContracts');
  const target = attachTarget(handle, { clock: systemClock });
  const scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-fence-'));
  const step: Step = {
    clock: systemClock,
    signal: AbortSignal.timeout(170_000),
    scratchDir,
    secrets: new Secrets(),
    progress: () => undefined,
  };
  const drillId = newDrillId();
  const opened = await asset.open({ target, drillId, disaster, scale: 1, step });
  onTestFinished(async () => {
    await opened[Symbol.asyncDispose]();
    await rm(scratchDir, { recursive: true, force: true });
  });
  await opened.seed(step);
  const environment = opened.environment();
  const context: ProcedureContext = { target, drillId, environment, step };
  const run = async (which: 'mirror' | 'decide' | 'start') =>
    (await runFailoverScript(which, { ...regionScripts, environment: {} }, context)).claimed;
  await run('mirror');
  await opened.destroy(step, { cutOff: async () => undefined });
  return {
    run,
    storageComesBack: async () => await opened.lostPlace?.groundComesBack?.(step),
    comeBack: async () => await opened.lostPlace?.comeBack(step),
    permissions: async () => await readFile(environment['PRIMARY_ACCESS_FILE'] ?? '', 'utf8'),
  };
}

const FENCED = /publish: \{ deny: ">" \}/;

it('a region that finds its bucket as it was, and nobody else in charge, starts open', async () => {
  const { run, storageComesBack, permissions } = await lostRegion('region-lost');
  await storageComesBack();
  expect(await run('start')).toContain('us-west-2 starts open');
  expect(await permissions()).not.toMatch(FENCED);
});

it('a region that cannot ask its bucket starts fenced', async () => {
  const { run, permissions } = await lostRegion('region-lost');
  expect(await run('start')).toMatch(/nobody says who is in charge: .*us-west-2.*cannot be read.*starts fenced/s);
  expect(await permissions()).toMatch(FENCED);
});

it('a region that comes back empty starts fenced, although the other one still says that it is in charge', async () => {
  const { run, storageComesBack, permissions } = await lostRegion('region-destroyed');
  await storageComesBack();
  expect(await run('start')).toMatch(/does not know who is in charge, us-east-2 says us-west-2\n.*starts fenced/);
  expect(await permissions()).toMatch(FENCED);
});

it('a region whose mirror took over meanwhile starts fenced', async () => {
  const { run, storageComesBack, permissions } = await lostRegion('region-lost');
  await run('decide');
  await storageComesBack();
  expect(await run('start')).toContain('us-west-2 starts fenced');
  expect(await permissions()).toMatch(FENCED);
});

it('an empty region is not put in charge by mirroring it again', async () => {
  const { run, comeBack } = await lostRegion('region-destroyed');
  await comeBack();
  await expect(run('mirror')).rejects.toThrow(/there is no stream orders\S* in us-west-2 to follow/);
  expect(await run('start')).toContain('us-west-2 starts fenced');
});
