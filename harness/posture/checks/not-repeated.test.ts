import { describe, expect, it } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import type { PastRun } from '../../model/past-run.ts';
import type { PostureContext, PostureProject } from '../../model/posture.ts';
import { Secrets } from '../../model/secrets.ts';
import { type KubernetesPlace, sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { kubeconfigOf } from '../../systems/kubernetes/testing/answering-api.ts';
import { withPlace } from '../../testing/with-place.ts';
import { judgeCheck } from '../../verdict/posture.ts';
import { type NotRepeatedOptions, notRepeated } from './not-repeated.ts';

const step: PostureContext['step'] = {
  clock: systemClock,
  signal: new AbortController().signal,
  scratchDir: '/nowhere',
  secrets: new Secrets(),
  progress: () => undefined,
};
// A check of the ledger alone reads no target.
const target = {} as PostureContext['target'];

function run(verdict: 'met' | 'breached'): PastRun {
  const began = systemClock.now().utc;
  const promises = [{ contract: 'orders', disasters: ['wiped'] }];
  const found = { contract: 'orders', part: 'wiped', isCheck: false, isOfRepetition: false, sentence: 'Too late.' };
  return { runId: 'r', began, target: 'local', promises, results: [{ ...found, at: began, verdict }] };
}

/** Observes a ledger of those runs, newest first. */
async function observed(verdicts: readonly ('met' | 'breached')[], options: NotRepeatedOptions, on = target) {
  const project: PostureProject = {
    folder: '/nowhere',
    outDir: '/nowhere',
    contracts: async () => [],
    drilledContracts: async () => [],
    readPastRuns: async (visit) => {
      visit({ ...run('met'), results: [] }, true);
      for (const verdict of verdicts) if (visit(run(verdict), false) === 'enough') break;
      return { isCut: false };
    },
  };
  return await notRepeated(options).observe({ target: on, project, step });
}

async function judged(verdicts: readonly ('met' | 'breached')[], options: NotRepeatedOptions = {}) {
  const { promise } = notRepeated(options);
  const observation = await observed(verdicts, options);
  return judgeCheck({ promise, observation, failure: null });
}

describe('notRepeated', () => {
  it('stands for repetition, needs nothing of the target by itself, and says its thresholds', () => {
    expect(notRepeated()).toMatchObject({
      name: 'not-repeated',
      condition: 'repetition',
      needs: [],
      promise: 'No promise fails in 3 runs in a row, no posture check for longer than 7d',
    });
    const jobs = notRepeated({ runs: 2, findingFor: '1d', cronJobs: [{ namespace: 'ops', name: 'backup' }] });
    expect(jobs).toMatchObject({ needs: ['kubernetes'] });
    expect(jobs.promise).toMatch(/2 runs in a row, .* longer than 1d, no job in 2 of its last 10 firings/);
    expect(notRepeated({ veleroSchedules: ['daily'] }).needs).toEqual(['kubernetes', 'velero']);
  });

  it('is no halt on the first run, and says that the ledger holds none', async () => {
    expect(await judged([])).toMatchObject({
      verdict: 'met',
      sentence: expect.stringContaining(
        'longer than 7d: the ledger holds no run before this one, so nothing was repeated in it; runs that use another ledger are unknown.',
      ),
    });
    expect((await judged([])).sentence).not.toMatch(/compared|as promised/);
  });

  it('is breached with the third failure in a row, and met again with the first success', async () => {
    expect((await judged(['breached', 'breached'])).verdict).toBe('met');
    expect(await judged(['breached', 'breached', 'breached'])).toMatchObject({
      verdict: 'breached',
      cause: 'failed-repeatedly',
      sentence: expect.stringContaining(
        'orders › wiped on local: expected the promise to be kept at least once in 3 runs, found 3 failures in a row since',
      ),
    });
    expect((await judged(['met', 'breached', 'breached', 'breached'])).verdict).toBe('met');
    expect((await judged(['breached', 'breached'], { runs: 2 })).verdict).toBe('breached');
  });

  it('refuses options that mean nothing, in one sentence', () => {
    expect(() => notRepeated({ runs: 1 })).toThrow(/notRepeated.*runs/);
    expect(() => notRepeated({ findingFor: 'a week' })).toThrow(/findingFor/);
    expect(() => notRepeated({ firings: 2, failedFirings: 3 })).toThrow(/failedFirings.*not be more than `firings`/);
    // @ts-expect-error A misspelt option.
    expect(() => notRepeated({ run: 3 })).toThrow(/run/);
  });

  it('says what is missing where nobody keeps a ledger', async () => {
    const project = {
      folder: '/nowhere',
      outDir: '/nowhere',
      contracts: async () => [],
      drilledContracts: async () => [],
    };
    await expect(notRepeated().observe({ target, project, step })).rejects.toThrow(/a ledger of earlier runs/);
  });
});

describe('the firings of a CronJob', () => {
  const ownJob = (hour: number, outcome: 'succeeded' | 'failed') => ({
    metadata: {
      name: `backup-${hour}`,
      creationTimestamp: '2026-03-20T12:00:00Z',
      annotations: {
        'batch.kubernetes.io/cronjob-scheduled-timestamp': `2026-03-20T${String(hour).padStart(2, '0')}:00:00Z`,
      },
      ownerReferences: [{ uid: 'own' }],
    },
    status: { conditions: [{ type: outcome === 'failed' ? 'Failed' : 'Complete', status: 'True' }] },
  });
  interface Wanted {
    readonly created?: string;
    readonly lastFired?: string | null;
    readonly spec?: object;
    readonly firings?: readonly ReturnType<typeof ownJob>[];
  }
  /** Judges a CronJob that fires each hour, and keeps Jobs as its `spec` says. */
  const of = async ({
    created = '2026-03-01T00:00:00Z',
    lastFired = '2026-03-20T12:00:00Z',
    spec,
    firings = [ownJob(12, 'succeeded'), ownJob(8, 'failed')],
  }: Wanted = {}) => {
    const cronJob = {
      metadata: { name: 'backup', uid: 'own', creationTimestamp: created },
      spec: { schedule: '0 * * * *', timeZone: 'Etc/UTC', failedJobsHistoryLimit: 2, ...spec },
      status: { lastScheduleTime: lastFired },
    };
    const kubeconfigPath = await kubeconfigOf({
      '/apis/batch/v1/namespaces/ops/cronjobs/backup': cronJob,
      '/apis/batch/v1/namespaces/ops/jobs': { metadata: {}, items: firings },
    });
    const place = { kubeconfigPath, veleroNamespace: 'velero' } as KubernetesPlace;
    const cluster = withPlace(target, sharedKubernetes, place);
    const observation = await observed([], { cronJobs: [{ namespace: 'ops', name: 'backup' }] }, cluster);
    if (observation.kind !== 'comparison') throw new Error('it compared nothing');
    const { differing, undecided, evidence, notVerified } = observation;
    return { differing, hides: undecided?.[0]?.reason, ended: evidence['CronJob ops/backup'], notVerified };
  };

  it('are those that were due, and unknown where no Job is left', async () => {
    expect(await of()).toMatchObject({
      differing: 0,
      hides: undefined,
      ended: '1 succeeded, 1 failed, 0 running, 8 unknown',
      notVerified: expect.arrayContaining([expect.stringContaining('it keeps 3 that succeeded and 2 that failed')]),
    });
    const young = await of({ created: '2026-03-20T09:30:00Z', firings: [ownJob(12, 'succeeded')] });
    expect(young.ended).toBe('1 succeeded, 0 failed, 0 running, 2 unknown');
    expect(await of({ lastFired: null, firings: [] })).toMatchObject({
      ended: '0 succeeded, 0 failed, 0 running, 0 unknown',
      notVerified: expect.arrayContaining(['CronJob ops/backup, which has not fired yet']),
    });
  });

  it('leave out a failure that is older', async () => {
    const firings = [ownJob(12, 'succeeded'), ownJob(3, 'failed'), ownJob(2, 'failed')];
    expect(await of({ firings })).toMatchObject({
      differing: 0,
      ended: '1 succeeded, 1 failed, 0 running, 8 unknown',
    });
  });

  it('may hide failures where too few failed Jobs are kept, or something else removes them', async () => {
    const hides = async (wanted: Wanted) => (await of(wanted)).hides;
    expect(await hides({ spec: { failedJobsHistoryLimit: 1 } })).toContain(
      '1 failed Job (spec.failedJobsHistoryLimit)',
    );
    const jobTemplate = { spec: { ttlSecondsAfterFinished: 60 } };
    expect(await hides({ spec: { jobTemplate } })).toContain('ttlSecondsAfterFinished');
    expect(await hides({ firings: [] })).toContain('there is no Job of it, although it keeps 3 Jobs');
    expect(await hides({ firings: [], spec: { successfulJobsHistoryLimit: 0 } })).toBeUndefined();
    expect(await hides({ spec: { concurrencyPolicy: 'Replace' } })).toContain('concurrencyPolicy: Replace');
  });
});
