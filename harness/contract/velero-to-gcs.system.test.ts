import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { systemClock } from '../clock/clock.ts';
import { gcsBackups, kubernetesNamespace, veleroSchedule } from '../index.ts';
import type { DrillRecord } from '../model/record.ts';
import { attachTarget } from './attach-target.ts';
import { defineContract } from './define.ts';
import { drillContract } from './drill-contract.ts';

const { handle, facts } = inject('drContracts');
const target = attachTarget(handle, { clock: systemClock });
let scratchDir: string;
beforeAll(async () => {
  scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-velero-gcs-'));
});
afterAll(() => rm(scratchDir, { recursive: true, force: true }));

/** Runs a drill of the platform's Schedule whose backups go to Google Cloud Storage, after a change of the Schedule. */
async function drillBySchedule(change: (schedule: string) => string): Promise<DrillRecord> {
  const manifest = await mkdtemp(join(scratchDir, 'velero-'));
  await cp('fixtures/platform/manifests/velero-gcs', manifest, { recursive: true });
  const path = join(manifest, 'schedule.yaml');
  await writeFile(path, change(await readFile(path, 'utf8')));
  const contract = defineContract({
    name: 'to-gcs',
    asset: kubernetesNamespace({
      manifests: 'fixtures/platform/manifests/configuration',
      secrets: 2,
      configMaps: 2,
    }),
    rto: '15m',
    rpo: '1h',
    priority: 'P1',
    owner: 'tests',
    protectedBy: veleroSchedule({
      manifest,
      name: 'half-hourly',
      namespace: 'kgents-agents',
      clusterScoped: ['clusterroles', 'clusterrolebindings', 'priorityclasses'],
      destination: gcsBackups,
    }),
    survives: ['namespace-deleted'],
  });
  return await drillContract({
    contract,
    disaster: 'namespace-deleted',
    target,
    facts,
    runDir: scratchDir,
    scratchDir,
    clock: systemClock,
    signal: new AbortController().signal,
    listener: () => undefined,
    tuning: { goneBudgetMs: 2_000, serviceBudgetMs: 5_000 },
  });
}

it('is met by the Schedule that the platform has, from a backup in Google Cloud Storage', async () => {
  const { judgement, recoveryPoint, environment } = await drillBySchedule((schedule) => schedule);
  expect(judgement).toMatchObject({ verdict: 'met' });
  expect(recoveryPoint?.location).toMatch(/^gs:\/\//);
  expect(environment.differencesFromProduction).toContainEqual(expect.stringContaining('fake-gcs-server'));
});

it('is breached by a Schedule that leaves out Secrets, and says so', async () => {
  const { judgement } = await drillBySchedule((schedule) =>
    schedule.replace('includeClusterResources: true', 'excludedNamespaceScopedResources: [secrets]'),
  );
  expect(judgement).toMatchObject({ verdict: 'breached' });
  expect(judgement?.sentence).toMatch(/Secret.*excludedNamespaceScopedResources/);
});
