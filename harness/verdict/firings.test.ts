import { describe, expect, it, test } from 'vitest';
import { firingsOf, type JobFirings, judgeFirings, lastFirings } from './firings.ts';
import { longestGapMs } from './schedule-gap.ts';

const from = new Date('2026-11-28T00:00:00Z');

describe('the firings of a schedule', () => {
  test.each([
    ['30 2 * * *', 'Europe/Berlin', 'kubernetes'],
    ['0 1,2,22 * * 1-5', 'America/New_York', 'kubernetes'],
    ['0 0 29 2 *', 'UTC', 'kubernetes'],
    ['@every 6h', 'UTC', 'kubernetes'],
    ['30 2 * * *', 'Europe/Berlin', 'vixie'],
    ['0 3 1 * 0', 'Australia/Lord_Howe', 'vixie'],
    ['Mon *-*-* 02:30', 'Europe/Berlin', 'systemd'],
    ['*-*~01 00:00', 'Pacific/Auckland', 'systemd'],
  ] as const)('"%s" in %s of %s have its longest gap as their longest step', (cron, timeZone, scheduler) => {
    const schedule = { cron, timeZone, scheduler };
    const firings = firingsOf(schedule, from);
    const steps = firings.slice(1).map((atMs, index) => atMs - (firings[index] ?? atMs));
    expect(Math.min(...steps)).toBeGreaterThan(0);
    expect(steps.reduce((longest, step) => Math.max(longest, step), 0)).toBe(longestGapMs(schedule, from));
  });

  test('end after 100,000', () => {
    expect(firingsOf({ cron: '* * * * *', timeZone: 'UTC' }, from)).toHaveLength(100_000);
  });
});

type KnownFiring = JobFirings['known'][number];

const LIMITS = { firings: 10, failedFirings: 2 };

const firing = (number: number, outcome: KnownFiring['outcome']): KnownFiring => ({
  name: `Job backup-${number}`,
  at: `2026-03-20T0${number}:00:00.000Z`,
  outcome,
  said: outcome === 'failed' ? 'BackoffLimitExceeded' : outcome,
});

const job = (outcomes: readonly KnownFiring['outcome'][], more: Partial<JobFirings> = {}): JobFirings => ({
  what: 'CronJob agents/backup',
  known: outcomes.map((outcome, index) => firing(9 - index, outcome)),
  unknown: 0,
  kept: 'their Jobs are gone: it keeps 3 that succeeded and 1 that failed',
  hidesFailures: undefined,
  ...more,
});
const hiding = { because: 'it keeps no more than 1 failed Job', fix: 'Set it to 2 or more.' };

describe('the last firings of a job', () => {
  it('differ when two of them failed, wherever they are', () => {
    const { differences } = judgeFirings(job(['succeeded', 'failed', 'succeeded', 'failed']), LIMITS);
    expect(differences).toEqual([
      {
        item: 'CronJob agents/backup',
        expected: 'fewer than 2 failures in its last 10 firings',
        found: '2; the last failure is Job backup-8 of 2026-03-20T08:00:00.000Z: BackoffLimitExceeded',
        nextStep: 'Look at what Job backup-8 logged, repair the job, and let it succeed.',
        cause: 'failed-repeatedly',
      },
    ]);
  });

  it('do not differ when one failed, or one still runs', () => {
    expect(judgeFirings(job(['failed', 'succeeded', 'running']), LIMITS)).toEqual({
      differences: [],
      undecided: [],
      notVerified: [],
    });
  });

  it('are unknown where nothing is left of them, which is said', () => {
    const { differences, undecided, notVerified } = judgeFirings(job(['failed', 'succeeded'], { unknown: 8 }), LIMITS);
    expect([differences, undecided]).toEqual([[], []]);
    expect(notVerified).toEqual([
      'how 8 of the last 10 firings of CronJob agents/backup ended (their Jobs are gone: it keeps 3 that succeeded and 1 that failed)',
    ]);
  });

  it('are undecided where enough failed ones may be among the unknown', () => {
    const { undecided } = judgeFirings(job(['failed'], { unknown: 1, hidesFailures: hiding }), LIMITS);
    expect(undecided).toMatchObject([
      { reason: expect.stringMatching(/1 firing of the last 10 can be seen, and 1 of them failed; .*Set it to 2/) },
    ]);
    expect(judgeFirings(job(['succeeded'], { unknown: 1, hidesFailures: hiding }), LIMITS).undecided).toEqual([]);
  });

  it('say that a job has not fired yet', () => {
    expect(judgeFirings(job([]), LIMITS).notVerified).toEqual(['CronJob agents/backup, which has not fired yet']);
  });
});

describe('the last times at which a schedule was due', () => {
  const until = new Date('2026-03-20T12:00:00Z');
  const times = (cron: string, since: string, most = 3) =>
    lastFirings({ cron, timeZone: 'UTC' }, until, new Date(since), most).map((ms) => new Date(ms).toISOString());

  it('end with the given time, and are no more than were asked for', () => {
    expect(times('*/2 * * * *', '2026-01-01T00:00:00Z')).toEqual([
      '2026-03-20T11:56:00.000Z',
      '2026-03-20T11:58:00.000Z',
      '2026-03-20T12:00:00.000Z',
    ]);
  });

  it('are found months back', () => {
    expect(times('0 3 1 * *', '2025-01-01T00:00:00Z')).toEqual([
      '2026-01-01T03:00:00.000Z',
      '2026-02-01T03:00:00.000Z',
      '2026-03-01T03:00:00.000Z',
    ]);
  });

  it('begin with what holds the schedule', () => {
    expect(times('0 * * * *', '2026-03-20T10:30:00Z')).toEqual([
      '2026-03-20T11:00:00.000Z',
      '2026-03-20T12:00:00.000Z',
    ]);
    expect(times('0 * * * *', '2026-03-20T12:00:01Z')).toEqual([]);
  });
});
