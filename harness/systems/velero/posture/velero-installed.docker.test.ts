import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KubernetesApi } from '../../../clients/kubernetes-api.ts';
import { systemClock } from '../../../clock/clock.ts';
import type { PostureCheck, PostureCheckRecord } from '../../../model/posture.ts';
import { Secrets } from '../../../model/secrets.ts';
import type { Target } from '../../../model/target.ts';
import { applyPlatform } from '../../../posture/apply.ts';
import { veleroBackups } from '../../../posture/checks/recovery-points.ts';
import { veleroScheduleRuns } from '../../../posture/checks/schedules.ts';
import { recordOf, withCluster } from '../../../posture/testing/on-place.ts';
import { sharedTarget } from '../../../testing/shared-target.ts';
import { arrived, notYet, waitFor } from '../../../wait/wait.ts';
import type { KubernetesPlace } from '../../kubernetes/service.ts';
import { ownKubernetes } from '../../kubernetes/service.ts';
import { veleroInstalled } from './velero-installed.ts';

// A cluster of this file's own: the test removes its Velero, and the platform's own procedure reinstalls it.

const NAMESPACE = 'kgents-velero';
const BUCKET = 'kgents-dr-backups';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const OWN = `/apis/velero.io/v1/namespaces/${NAMESPACE}`;
const WORKLOADS = `/apis/apps/v1/namespaces/${NAMESPACE}`;
const { signal } = new AbortController();
const promised = { version: '1.18', bucket: BUCKET, region: 'us-west-2', namespace: NAMESPACE, schedules: ['daily'] };
const check = veleroInstalled(promised);

let place: KubernetesPlace;
let target: Target;
let api: KubernetesApi;
let scratchDir: string;

beforeAll(async () => {
  const shared = sharedTarget();
  scratchDir = await mkdtemp(join(tmpdir(), 'dr-contracts-velero-installed-'));
  place = await shared.place(ownKubernetes, { label: 'installation' }, signal);
  target = withCluster(shared, place);
  api = new KubernetesApi(place.kubeconfigPath);
});

afterAll(async () => {
  api?.[Symbol.dispose]();
  await place?.[Symbol.asyncDispose]();
  await rm(scratchDir, { recursive: true, force: true });
});

const looked = async (at: PostureCheck = check) => await recordOf(at, target, { scratchDir, signal });

/** Repeats the check until it gives that result, because Velero needs a moment to notice changes. */
async function until(expected: RegExp, at: PostureCheck = check): Promise<PostureCheckRecord> {
  return await waitFor(
    {
      for: `the check to say ${expected}`,
      budgetMs: 60_000,
      intervalMs: 1_000,
      look: async () => {
        const record = await looked(at);
        return expected.test(record.sentence) ? arrived(record) : notYet(record.sentence);
      },
    },
    systemClock,
    signal,
  );
}

const CLEAR = /installed parts compared, all as promised/;
const halting = (cause: string) => ({
  verdict: 'breached',
  cause,
  halts: 'installation',
  owner: 'platform',
  nextStep: expect.stringContaining('Correct the installation'),
});

describe('an installation of Velero on kind', () => {
  test('halts with one clear message where the cluster has none of its custom resource definitions', async () => {
    const definitions = (await Array.fromAsync(api.list(DEFINITIONS, signal))).filter(({ metadata }) =>
      metadata.name.endsWith('.velero.io'),
    );
    expect(definitions.length).toBeGreaterThan(5);
    for (const { metadata } of definitions) await api.delete(`${DEFINITIONS}/${metadata.name}`, signal);
    const record = await until(/expected Velero's custom resource definitions/);
    expect(record).toMatchObject(halting('velero-not-installed'));
    expect(record.observation).toMatchObject({ compared: 1, differing: 1 });
    expect(record.sentence).toContain('Velero is not installed. Run the installation procedure.');
    const level = { fresh: '25h', critical: '48h', lag: '48h', successAbove: 99 };
    for (const other of [
      veleroScheduleRuns({ name: 'daily', rpo: '25h' }),
      veleroBackups({ schedule: 'daily', ...level }),
    ]) {
      // The API serves each type for a moment after its definition is deleted.
      const told = await until(/it does not serve (schedules|backups)\.velero\.io, so Velero is not installed/, other);
      expect(told).toMatchObject({ verdict: 'unproven', cause: 'velero-not-installed' });
    }
  });

  test('is clear once the platform has run its own procedure', async () => {
    const step = { clock: systemClock, signal, scratchDir, secrets: new Secrets(), progress: () => undefined };
    await applyPlatform('fixtures/platform/scripts/apply-velero.sh', { target, step });
    const record = await looked();
    expect(record.sentence).toMatch(CLEAR);
    expect(record).toMatchObject({ verdict: 'met', condition: 'installation' });
    expect(record.halts).toBeUndefined();
    expect(record.observation).toMatchObject({
      compared: 6,
      evidence: { 'last backup': expect.stringMatching(/^daily-\d+ Completed$/) },
    });
  });

  test('halts while its location names a bucket that there is not', async () => {
    const location = `${OWN}/backupstoragelocations/default`;
    const inBucket = async (bucket: string) =>
      await api.patch(location, { spec: { objectStorage: { bucket }, validationFrequency: '5s' } }, signal);
    await inBucket('no-such-bucket-anywhere');
    const wrong = veleroInstalled({ ...promised, bucket: 'no-such-bucket-anywhere' });
    const unavailable = await until(/storage location default: .* it is Unavailable: .*bucket/i, wrong);
    expect(unavailable).toMatchObject(halting('storage-location-unusable'));
    expect((await looked()).sentence).toMatch(
      /found only default \(aws, no-such-bucket-anywhere\/velero\/trial, Unavailable/,
    );
    await inBucket(BUCKET);
    await until(CLEAR);
  });

  test('halts while a location has a provider without a plugin', async () => {
    const made = { apiVersion: 'velero.io/v1', kind: 'BackupStorageLocation', metadata: { name: 'elsewhere' } };
    const spec = { provider: 'gcp', objectStorage: { bucket: BUCKET, prefix: 'velero/elsewhere' } };
    await api.create(`${OWN}/backupstoragelocations`, { ...made, spec }, signal);
    const record = await looked();
    expect(record).toMatchObject(halting('velero-plugin-missing'));
    expect(record.sentence).toContain(
      'storage location elsewhere: expected a plugin of kind ObjectStore for provider velero.io/gcp, found only velero.io/aws',
    );
    await api.delete(`${OWN}/backupstoragelocations/elsewhere`, signal);
    await until(CLEAR);
  });

  test('halts while a node that needs an agent has none', async () => {
    const selecting = async (value: string | null) =>
      await api.patch(
        `${WORKLOADS}/daemonsets/node-agent`,
        { spec: { template: { spec: { nodeSelector: { 'example.com/nowhere': value } } } } },
        signal,
      );
    await selecting('true');
    expect(await until(/node .*-control-plane: expected a node agent that is ready/)).toMatchObject(
      halting('node-agent-missing'),
    );
    await selecting(null);
    await until(CLEAR);
  });

  test('halts for a Schedule that Velero refuses, and for a last backup that failed', async () => {
    const { spec } = await api.getObject(`${OWN}/schedules/daily`, signal);
    const refused = { apiVersion: 'velero.io/v1', kind: 'Schedule', metadata: { name: 'refused' } };
    await api.create(`${OWN}/schedules`, { ...refused, spec: { ...(spec as object), schedule: 'at noon' } }, signal);
    const both = veleroInstalled({ ...promised, schedules: ['daily', 'refused'] });
    expect(await until(/Schedule refused: .* found FailedValidation/, both)).toMatchObject(
      halting('schedule-rejected'),
    );
    await api.delete(`${OWN}/schedules/refused`, signal);

    const backup = { apiVersion: 'velero.io/v1', kind: 'Backup', metadata: { name: 'nowhere' } };
    await api.create(`${OWN}/backups`, { ...backup, spec: { storageLocation: 'nowhere' } }, signal);
    expect(await until(/the last backup nowhere: .* found FailedValidation/)).toMatchObject(halting('backup-failed'));
    await api.delete(`${OWN}/backups/nowhere`, signal);
    await until(CLEAR);
  });

  test('halts while its server does not run', async () => {
    const scaled = async (replicas: number) =>
      await api.patch(`${WORKLOADS}/deployments/velero`, { spec: { replicas } }, signal);
    await scaled(0);
    const record = await until(/Velero's server in kgents-velero: expected version 1\.18, found no answer/);
    expect(record).toMatchObject(halting('velero-not-installed'));
    await scaled(1);
    await until(CLEAR);
  });
});
