import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import type { Target, Toolchain } from '../../model/target.ts';
import { runCommand } from '../../process/run.ts';
import { gcsStore } from '../../systems/gcs/service.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { attachTo } from '../attach.ts';
import { openTarget } from '../start.ts';
import { processes } from './attach.ts';
import { asProcesses } from './runtime.ts';
import { patient, processesLeft, startParts, testToolchain } from './testing.ts';

let toolchain: Toolchain;

beforeAll(async () => {
  toolchain = await testToolchain();
});

beforeEach(async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'drc-'));
  vi.stubEnv('DR_CONTRACTS_SCRATCH', scratch);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(scratch, { recursive: true, force: true });
  });
});

async function locationsIn(target: Target): Promise<readonly unknown[]> {
  const { kubeconfigPath } = await target.place(sharedKubernetes);
  const { stdout } = await runCommand(
    {
      name: 'kubectl',
      file: target.tool('kubectl'),
      args: ['-n', 'velero', 'get', 'backupstoragelocations', '-o', 'json'],
      env: { KUBECONFIG: kubeconfigPath },
    },
    patient,
  );
  return JSON.parse(stdout).items;
}

const available = { phase: 'Available', lastValidationTime: expect.any(String), lastSyncedTime: expect.any(String) };

test("Velero has a second location in the bucket that every attached process finds, and its server ends with the target's", async () => {
  const started = await startParts(toolchain, 'velero-gcs');
  onTestFinished(() => started[Symbol.asyncDispose]());
  const attached = attachTo(processes, JSON.parse(JSON.stringify(started.handle)), { clock: systemClock });
  const [store, again] = [await started.target.place(gcsStore), await attached.place(gcsStore)];
  expect(again).toEqual(store);
  const { backupPrefix: prefix } = await attached.place(sharedKubernetes);
  expect(await locationsIn(attached)).toMatchObject([
    { metadata: { name: 'default' }, spec: { provider: 'velero.io/aws', default: true }, status: available },
    {
      metadata: { name: 'gcs' },
      spec: { provider: 'velero.io/gcp', objectStorage: { bucket: store.backupBucket, prefix } },
      status: available,
    },
  ]);
  await started[Symbol.asyncDispose]();
  expect(processesLeft(started.handle.sessionDir)).toEqual([]);
});

test('where its programs cannot be had, Velero starts with S3 alone, and only who asks for the other store is told', async () => {
  const opened = await openTarget(asProcesses(), {
    needs: ['velero', 'velero-gcs'],
    programs: async (parts) => {
      if (parts.includes('velero-gcs')) throw new Error('no compiler for the plugin');
      return toolchain;
    },
    clock: systemClock,
    signal: patient,
    progress: () => undefined,
  });
  onTestFinished(() => opened[Symbol.asyncDispose]());
  const { target, handle } = await opened.untilReady(['velero']);
  expect(handle.places).not.toHaveProperty('gcs');
  expect(await locationsIn(target)).toMatchObject([{ metadata: { name: 'default' } }]);
  await expect(opened.untilReady(['velero-gcs'])).rejects.toThrow('no compiler for the plugin');
});
