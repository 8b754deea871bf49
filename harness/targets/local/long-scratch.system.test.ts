import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import { toolsFor } from '../../project/start-target.ts';
import { obtainToolchain } from '../../toolchain/obtain.ts';
import { startTarget } from '../start.ts';
import { asProcesses } from './runtime.ts';

test('E14: Velero and its plugin talk below a scratch folder with a longer path than a unix socket may have', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dr-long-'));
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });
  const scratch = join(folder, 'a-workspace-of-a-pipeline/'.repeat(5));
  await mkdir(scratch, { recursive: true });
  vi.stubEnv('DR_CONTRACTS_SCRATCH', scratch);
  const step = { clock: systemClock, signal: new AbortController().signal, progress: () => undefined };
  const toolchain = await obtainToolchain(toolsFor('local', ['velero']), step);
  await using started = await startTarget(asProcesses(), { parts: ['velero'], toolchain, ...step });
  expect(started.startedIn['velero']).toBeGreaterThan(0);
}, 600_000);
