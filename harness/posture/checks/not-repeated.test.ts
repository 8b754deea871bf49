import { describe, expect, it } from 'vitest';
import { systemClock } from '../../clock/clock.ts';
import type { PastRun } from '../../model/past-run.ts';
import type { PostureContext, PostureProject } from '../../model/posture.ts';
import { Secrets } from '../../model/secrets.ts';
import type { CronJobFirings } from '../../systems/kubernetes/posture/job-firings.ts';
import { judgeCheck } from '../../verdict/posture.ts';
import { firingsOfCronJob, type NotRepeatedOptions, notRepeated } from './not-repeated.ts';

const step: PostureContext['step'] = {
  clock: systemClock,
  signal: new AbortController().signal,
  scratchDir: '/nowhere',
  secrets: new Secrets(),
  progress: () => undefined,
};
// None of these checks reads a target.
const target = {} as PostureContext['target'];

function run(verdict: 'met' | 'breached'): PastRun {
  const began = systemClock.now().utc;
  const promises = [{ contract: 'orders', disasters: ['wiped'] }];
  const found = { contract: 'orders', part: 'wiped', isCheck: false, isOfRepetition: false, sentence: 'Too late.' };
  return { runId: 'r', began, target: 'local', promises, results: [{ ...found, at: began, verdict }] };
}

/** Judges a ledger of those runs, newest first. */
async function judged(verdicts: readonly ('met' | 'breached')[], options: NotRepeatedOptions = {}) {
  const check = notRepeated(options);
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
  const observation = await check.observe({ target, project, step });
  return judgeCheck({ promise: check.promise, observation, failure: null });
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
  const limits = { firings: 10, failedFirings: 2 };
  const job = (hour: number, outcome: 'succeeded' | 'failed') => ({
    name: `Job backup-${hour}`,
    dueAt: `2026-03-20T${String(hour).padStart(2, '0')}:00:00.000Z`,
    outcome,
    said: outcome,
  });
  const cronJob = (wanted: Partial<CronJobFirings> = {}): CronJobFirings => ({
    cron: '0 * * * *',
    timeZone: 'Etc/UTC',
    created: '2026-03-01T00:00:00.000Z',
    lastFired: '2026-03-20T12:00:00.000Z',
    keepsSucceeded: 3,
    keepsFailed: 2,
    replacesRunning: false,
    expires: false,
    firings: [job(12, 'succeeded'), job(8, 'failed')],
    ...wanted,
  });
  const of = (wanted?: Partial<CronJobFirings>) => firingsOfCronJob('CronJob ops/backup', cronJob(wanted), limits);

  it('are those that were due, and unknown where no Job is left', () => {
    expect(of()).toMatchObject({ unknown: 8, hidesFailures: undefined });
    expect(of({ created: '2026-03-20T09:30:00.000Z', firings: [job(12, 'succeeded')] }).unknown).toBe(2);
    expect(of({ lastFired: null, firings: [] })).toMatchObject({ known: [], unknown: 0 });
  });

  it('leave out a failure that is older', () => {
    expect(of({ firings: [job(12, 'succeeded'), job(3, 'failed'), job(2, 'failed')] }).known).toHaveLength(2);
  });

  it('may hide failures where too few failed Jobs are kept, or something else removes them', () => {
    expect(of({ keepsFailed: 1 }).hidesFailures?.because).toContain('1 failed Job (spec.failedJobsHistoryLimit)');
    expect(of({ expires: true }).hidesFailures?.because).toContain('ttlSecondsAfterFinished');
    expect(of({ firings: [] }).hidesFailures?.because).toContain('there is no Job of it, although it keeps 3 Jobs');
    expect(of({ firings: [], keepsSucceeded: 0 }).hidesFailures).toBeUndefined();
    expect(of({ replacesRunning: true }).hidesFailures?.because).toContain('concurrencyPolicy: Replace');
  });
});
