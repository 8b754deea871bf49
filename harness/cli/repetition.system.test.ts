import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubernetesApi } from '../clients/kubernetes-api.ts';
import { newDrillId } from '../contract/drill-contract.ts';
import type { PostureCheckRecord } from '../model/posture.ts';
import { runRecordSchema } from '../model/run-record.ts';
import { readyTarget } from '../model/target.ts';
import { usePlatformFolder } from '../process/platform-folder.ts';
import { openProject } from '../project/prepare-run.ts';
import { jsonOf } from '../reporting/record-files.ts';
import { SESSION_LABEL } from '../systems/kubernetes/access.ts';
import { sharedKubernetes } from '../systems/kubernetes/service.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { haltChecks } from './doctor-checks.ts';
import { runDrill } from './drill-command.ts';
import { drillParts } from './real-parts.ts';
import { type StubIo, withStubIo } from './testing/stub-parts.ts';

// Repetition from a user's view: runs of a project with its own ledger, and a CronJob of a real Kubernetes API.

const target = sharedTarget();
const { signal } = new AbortController();
const namespace = `dr-${newDrillId()}`;
const index = new URL('../index.ts', import.meta.url).pathname;
const CONTRACTS = `import { existsSync } from 'node:fs';
import { comparisonOf, notRepeated, posture } from '${index}';
const mended = {
  name: 'mended', promise: 'The fault is mended', needs: [],
  observe: async ({ project }) => comparisonOf({
    of: 'faults', compared: 1,
    differences: existsSync(project.folder + '/fault') ? [{ item: 'it', expected: 'no fault', found: 'one', nextStep: 'Mend it.' }] : [],
  }),
};
const cronJobs = [{ namespace: '${namespace}', name: 'backup' }];
posture({ name: 'state', owner: 'storage', checks: [mended, notRepeated({ cronJobs })] });
`;

let api: KubernetesApi;
beforeAll(async () => {
  const { kubeconfigPath } = await target.place(sharedKubernetes);
  api = new KubernetesApi(kubeconfigPath);
  const metadata = { name: namespace, labels: { [SESSION_LABEL]: target.sessionId } };
  await api.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata }, signal);
});
afterAll(async () => {
  usePlatformFolder(process.cwd());
  await api.delete(`/api/v1/namespaces/${namespace}`, signal);
  api[Symbol.dispose]();
});

const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
const cronJobs = `/apis/batch/v1/namespaces/${namespace}/cronjobs`;
const HOUR_MS = 3_600_000;
const template = {
  spec: { restartPolicy: 'Never', containers: [{ name: 'backup', image: 'example.invalid/backup:1' }] },
};
/** Suspended, so that a controller, where there is one, starts nothing for it. */
const jobSpec = { suspend: true, template };

/** Makes a CronJob that fired at each full hour of a day, and keeps that many failed Jobs. */
async function newCronJob(keepsFailed: number): Promise<string> {
  await api.delete(`${cronJobs}/backup`, signal);
  const spec = {
    schedule: '0 * * * *',
    timeZone: 'Etc/UTC',
    suspend: true,
    successfulJobsHistoryLimit: 20,
    failedJobsHistoryLimit: keepsFailed,
    jobTemplate: { spec: jobSpec },
  };
  const metadata = { name: 'backup' };
  const made = await api.create(cronJobs, { apiVersion: 'batch/v1', kind: 'CronJob', metadata, spec }, signal);
  await api.patch(`${cronJobs}/backup/status`, { status: { lastScheduleTime: hoursAgo(0) } }, signal);
  return String(made.metadata.uid);
}

const hoursAgo = (hours: number): string =>
  new Date((Math.floor(Date.now() / HOUR_MS) - hours) * HOUR_MS).toISOString().replace('.000Z', 'Z');

/** Makes a completed Job as the controller of CronJobs would. */
async function endedJob(uid: string, hours: number, ending: 'Complete' | 'Failed', byHand = false): Promise<void> {
  const name = `backup-${Date.parse(hoursAgo(hours)) / 60_000}`;
  const metadata = {
    name,
    annotations: byHand
      ? { 'cronjob.kubernetes.io/instantiate': 'manual' }
      : { 'batch.kubernetes.io/cronjob-scheduled-timestamp': hoursAgo(hours) },
    ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'backup', uid, controller: true }],
  };
  await api.create(jobs, { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: jobSpec }, signal);
  const condition = (type: string) => ({
    type,
    status: 'True',
    reason: 'BackoffLimitExceeded',
    lastTransitionTime: hoursAgo(hours),
  });
  const before = ending === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const status = {
    startTime: hoursAgo(hours),
    ...(ending === 'Complete' ? { completionTime: hoursAgo(hours) } : {}),
    conditions: [condition(before), condition(ending)],
  };
  await api.patch(`${jobs}/${name}/status`, { status }, signal);
}

/** Returns the repetition check of a project's next run. */
async function nextRun({ io }: StubIo): Promise<PostureCheckRecord> {
  const options = {
    contracts: [],
    all: false,
    keep: false,
    json: false,
    keepRuns: 3,
    posture: true,
    target: 'local',
  } as const;
  await runDrill(options, { ...io, environment: {} }, { ...drillParts, startTarget: async () => readyTarget(target) });
  const run = runRecordSchema.parse(await jsonOf(join(io.cwd, 'reports/latest/run.json')));
  const check = run.postures?.[0]?.checks.find(({ name }) => name === 'not-repeated');
  if (check === undefined) throw new Error('the check was not made');
  return check;
}

async function withProject(use: (stub: StubIo) => Promise<void>): Promise<void> {
  await withStubIo(async (stub) => {
    await mkdir(join(stub.io.cwd, 'contracts'), { recursive: true });
    await writeFile(join(stub.io.cwd, 'contracts/state.spec.ts'), CONTRACTS);
    await use(stub);
  });
}

describe('a check that fails run after run', () => {
  it('halts the roll-out from the run after the third on, and clears with the run after the one that is met', async () => {
    await newCronJob(2);
    await withProject(async (stub) => {
      const fault = join(stub.io.cwd, 'fault');
      const halts = async () => await haltChecks(await openProject(stub.io.cwd));
      await writeFile(fault, '');
      const first = await nextRun(stub);
      expect(first).toMatchObject({
        verdict: 'met',
        sentence: expect.stringContaining('the ledger holds no run before'),
      });
      expect((await nextRun(stub)).sentence).toContain('the ledger holds 1 run before');
      expect((await nextRun(stub)).verdict).toBe('met');
      const fourth = await nextRun(stub);
      expect(fourth).toMatchObject({
        verdict: 'breached',
        halts: 'repetition',
        owner: 'storage',
        nextStep: expect.stringMatching(/^Find the cause/),
        cause: 'failed-repeatedly',
        sentence: expect.stringMatching(/state › mended on local: expected .* found 3 failures in a row since /),
      });
      expect(await halts()).toMatchObject([{ name: 'roll-out: repetition', state: 'note' }]);
      await rm(fault);
      expect((await nextRun(stub)).verdict).toBe('breached');
      expect(await nextRun(stub)).not.toHaveProperty('halts');
      expect(await halts()).toMatchObject([{ name: 'roll-out', state: 'ok' }]);
    });
  }, 120_000);
});

describe('a job that fails again and again', () => {
  it('halts the roll-out with the second failure in its last ten firings, and clears once ten newer ones are there', async () => {
    const uid = await newCronJob(2);
    await endedJob(uid, 10, 'Failed');
    await endedJob(uid, 12, 'Failed', true);
    await withProject(async (stub) => {
      // No promise was checked yet: the ledger is empty.
      expect(await nextRun(stub)).toMatchObject({ verdict: 'met', observation: { compared: 1 } });
      await endedJob(uid, 11, 'Failed');
      const what = `CronJob ${namespace}/backup`;
      expect(await nextRun(stub)).toMatchObject({
        halts: 'repetition',
        owner: 'storage',
        sentence: expect.stringContaining(
          `${what}: expected fewer than 2 failures in its last 10 firings, found 2; the last failure is Job backup-`,
        ),
        observation: { evidence: { [what]: '0 succeeded, 2 failed, 0 running, 0 unknown' } },
      });
      for (let hours = 0; hours < 10; hours += 1) await endedJob(uid, hours, 'Complete');
      const cleared = await nextRun(stub);
      expect(cleared).toMatchObject({
        verdict: 'met',
        observation: { evidence: { [what]: '10 succeeded, 0 failed, 0 running, 0 unknown' } },
      });
      expect(cleared).not.toHaveProperty('halts');
    });
  }, 60_000);

  it('is unproven where there is no such job', async () => {
    await api.delete(`${cronJobs}/backup`, signal);
    await withProject(async (stub) => {
      expect(await nextRun(stub)).toMatchObject({
        verdict: 'unproven',
        halts: 'repetition',
        cause: 'schedule-missing',
        sentence: expect.stringContaining('there is no CronJob of that name'),
      });
    });
  }, 30_000);
});
