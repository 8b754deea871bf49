import { describe, expect, it } from 'vitest';
import { comparisonOf } from '../model/comparison.ts';
import type { Observation, ObservedRecoveryPoint, RecoveryPointsObservation } from '../model/posture.ts';
import { judgeCheck, judgePosture, worst } from './posture.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const at = '2026-03-01T12:00:00.000Z';
const ago = (ms: number) => new Date(Date.parse(at) - ms).toISOString();
const judged = (observation: Observation | null, failure: string[] | null = null) =>
  judgeCheck({ promise: 'The promise', observation, failure });

describe('a check', () => {
  it('that could not be made is unproven, and says why', () => {
    expect(judged(null, ['S3 does not answer', 'connection refused'])).toEqual({
      verdict: 'unproven',
      cause: 'check-failed',
      sentence: 'The promise: it could not be checked: S3 does not answer / connection refused.',
    });
  });

  it('that compared nothing is unproven', () => {
    expect(judged(comparisonOf({ of: 'live objects', compared: 0, differences: [] }))).toMatchObject({
      verdict: 'unproven',
      sentence: 'The promise: there were no live objects to compare.',
    });
  });

  it('C02: is unproven for something that could not be decided, with its cause, and breached where something differs besides', () => {
    const undecided = [
      { item: 'statement 3 of writer.json', reason: 'it leads elsewhere', cause: 'statement-undecided' },
    ];
    const made = comparisonOf({ of: 'requests', compared: 9, differences: [], undecided });
    expect(judged(made)).toEqual({
      verdict: 'unproven',
      cause: 'statement-undecided',
      sentence:
        'The promise: 9 requests compared, and this could not be decided: statement 3 of writer.json: it leads elsewhere.',
    });
    const difference = { item: 'a', expected: 'x', found: 'y', nextStep: 'Mend it.' };
    expect(judged({ ...made, differing: 1, firstDifferences: [difference] }).verdict).toBe('breached');
  });

  it('names the first difference, what was expected and what to do', () => {
    const difference = { item: 'lifecycle.Days', expected: '30', found: '3', nextStep: 'Apply what is declared.' };
    expect(judged(comparisonOf({ of: 'settings', compared: 9, differences: [difference, difference] }))).toEqual({
      verdict: 'breached',
      cause: 'not-as-promised',
      sentence:
        'The promise: 2 of 9 settings are not as promised: lifecycle.Days: expected 30, found 3. Apply what is declared. Also lifecycle.Days: expected 30, found 3. Apply what is declared.',
    });
  });

  const difference = (item: string, isCause?: boolean) => ({
    item,
    expected: 'x',
    found: 'y',
    nextStep: 'Mend it',
    ...(isCause === undefined ? {} : { isCause }),
  });

  it('B34: tells three differences and how many more there are, causes before consequences', () => {
    const made = comparisonOf({
      of: 'settings',
      compared: 9,
      differences: [difference('a', false), difference('b'), difference('c'), difference('d'), difference('e', true)],
    });
    expect(judged(made).sentence).toBe(
      'The promise: 5 of 9 settings are not as promised: e: expected x, found y. Mend it. Also a: expected x, found y. Mend it. Also b: expected x, found y. Mend it. And 2 more.',
    );
  });

  it('B34: tells each difference once', () => {
    const made = comparisonOf({
      of: 'settings',
      compared: 9,
      differences: [difference('a'), difference('b', true)],
    });
    expect(judged(made).sentence).toBe(
      'The promise: 2 of 9 settings are not as promised: b: expected x, found y. Mend it. Also a: expected x, found y. Mend it.',
    );
  });

  it('B34: tells one difference without counting more', () => {
    expect(judged(comparisonOf({ of: 'settings', compared: 9, differences: [difference('a')] })).sentence).toBe(
      'The promise: 1 of 9 settings is not as promised: a: expected x, found y. Mend it.',
    );
  });

  it('counts the differences that are not listed', () => {
    const unlisted = { ...comparisonOf({ of: 'settings', compared: 9, differences: [] }), differing: 4 };
    expect(judged(unlisted)).toEqual({
      verdict: 'breached',
      cause: 'not-as-promised',
      sentence: 'The promise: 4 of 9 settings are not as promised.',
    });
  });

  it('says what it did not verify although it is met', () => {
    const made = comparisonOf({
      of: 'credentials',
      compared: 1,
      differences: [],
      notVerified: ['that they are the right ones'],
    });
    expect(judged(made)).toMatchObject({
      verdict: 'met',
      sentence: expect.stringContaining('not verified: that they are the right ones'),
    });
  });
});

describe('a posture', () => {
  it('is breached by one check, unproven by one that nobody could make, and by having none', () => {
    expect(worst(['met', 'unproven', 'breached'])).toBe('breached');
    expect(worst(['met', 'unproven'])).toBe('unproven');
    expect(worst([])).toBe('unproven');
  });

  it('is judged again from what its record observed, whatever verdict stands there', () => {
    const check = { name: 'a', promise: 'P', durationMs: 1, failure: null, verdict: 'met' as const, sentence: '' };
    const observation = comparisonOf({ of: 'things', compared: 0, differences: [] });
    const record = {
      contract: { name: 'p', owner: 'o', controls: [] },
      appliedBy: null,
      at,
      durationMs: 1,
      applyMs: null,
    };
    const again = judgePosture({
      ...record,
      checks: [{ ...check, observation }],
      expectedChecks: ['a'],
      verdict: 'met',
    });
    expect(again).toMatchObject({ verdict: 'unproven', checks: [{ verdict: 'unproven' }] });
  });
});

describe('a schedule', () => {
  const found = { cron: '0 2 * * *', timeZone: 'UTC', paused: false, problem: null };
  const schedule = (changed: object, rpoMs = 25 * HOUR_MS): Observation => ({
    kind: 'schedule',
    what: 'CronJob agents/nats-backup',
    at,
    rpoMs,
    takesMs: HOUR_MS,
    found: { ...found, ...changed },
  });

  it('that runs daily carries an RPO of 25 hours, an hour of upload included', () => {
    expect(judged(schedule({}))).toMatchObject({ verdict: 'met' });
  });

  it.each([
    [
      'daily under five minutes',
      schedule({}, 5 * 60_000),
      /1 d pass at most and 1 h .* more than the RPO of 5 min\. Run it more often/,
    ],
    ['that is paused', schedule({ paused: true }), /is paused, so no backup is taken\. Resume it/],
    [
      'that its server refuses',
      schedule({ problem: 'Velero says FailedValidation: no such location' }),
      /takes no backup: Velero says FailedValidation/,
    ],
    ['that nobody can read', schedule({ cron: 'at night' }), /cannot be read/],
    // In Berlin, one day in March has no 02:00.
    ['daily at an hour that a clock skips', schedule({ timeZone: 'Europe/Berlin' }), /1 d 23 h pass at most/],
  ])('breaches its promise: %s', (_, observation, sentence) => {
    expect(judged(observation)).toMatchObject({ verdict: 'breached', sentence: expect.stringMatching(sentence) });
  });

  it.each([
    ['0 2 * * 7', 'UTC'],
    ['0 0 L * *', 'UTC'],
    ['0 2 * * sat-sun', 'UTC'],
    ['0 0 * * 5#2', 'UTC'],
    ['0 0 15W * *', 'UTC'],
    ['H 2 * * *', 'UTC'],
    ['0 0 2 * * *', 'UTC'],
    ['@every 1d', 'UTC'],
    ['@reboot', 'UTC'],
    ['0 2 * * *', 'Mars/Olympus'],
    ['0 2 * * *', 'Local'],
    ['0 2 * * *', 'berlin'],
  ])('C05: "%s" (%s), which the API refuses, takes no backup', (cron, timeZone) => {
    expect(judged(schedule({ cron, timeZone }, 100 * DAY_MS))).toMatchObject({
      verdict: 'breached',
      cause: 'schedule-rejected',
      sentence: expect.stringContaining('CronJob agents/nats-backup takes no backup'),
    });
  });

  it.each([
    ['3/10 * * * *', 10 / 60],
    ['0/15 * * * *', 0.25],
    ['0 1/12 * * *', 12],
    ['*/90 * * * *', 1],
    ['0 0/6 * * *', 6],
    ['*/61 * * * *', 1],
    ['@every 6h', 6],
    ['@every 90m', 1.5],
    ['@daily', 24],
    ['CRON_TZ=Europe/Berlin 0 2 1 * *', 31 * 24 + 1],
    ['? 2 * * ?', 23 + 1 / 60],
  ])('C05, C06: "%s", which the API takes, is computed', (cron, hours) => {
    expect(judged(schedule({ cron }, hours * HOUR_MS + HOUR_MS))).toMatchObject({ verdict: 'met' });
    expect(judged(schedule({ cron }, hours * HOUR_MS + HOUR_MS - 60_001))).toMatchObject({
      verdict: 'breached',
      cause: 'exposure-above-rpo',
    });
  });

  it.each(['0 0 30 2 *', '0 0 31 4,6,9,11 *', ', * * * *', '0 0 31 2 ?'])(
    'N20: "%s", which the API takes and which never fires, takes no backup',
    (cron) => {
      expect(judged(schedule({ cron }))).toMatchObject({ verdict: 'breached', cause: 'schedule-never-fires' });
    },
  );

  describe('whose runs take time', () => {
    const running = (cron: string, runs: object, takesMs: number, rpoMs: number) =>
      judged({
        ...schedule({ cron, runs: { concurrency: 'Allow', ...runs } }, rpoMs),
        takesMs,
      } as Observation);

    it('C10: breaches where each run is replaced before it ends, and names every field that is to blame', () => {
      const runs = { concurrency: 'Replace', deadlineMs: 600_000, startDeadlineMs: 5_000 };
      const { verdict, cause, sentence } = running('*/5 * * * *', runs, HOUR_MS, 70 * 60_000);
      expect({ verdict, cause }).toEqual({ verdict: 'breached', cause: 'run-replaced-before-its-end' });
      for (const field of ['concurrencyPolicy: Replace', 'activeDeadlineSeconds: 600', 'startingDeadlineSeconds: 5']) {
        expect(sentence).toContain(field);
      }
    });

    it('C10: counts, under Replace, only the runs that come to their end', () => {
      // The run of 03:00 is replaced by the run of 03:05, which ends.
      const runs = { concurrency: 'Replace' };
      expect(running('0,5 3 * * *', runs, HOUR_MS, 25 * HOUR_MS)).toMatchObject({ verdict: 'met' });
      // Of the hourly runs from 08:00 to 17:00 only the last one lives for three hours.
      expect(running('0 8-17 * * *', runs, 3 * HOUR_MS, 20 * HOUR_MS)).toMatchObject({
        verdict: 'breached',
        cause: 'exposure-above-rpo',
      });
      expect(running('0 8-17 * * *', runs, 3 * HOUR_MS, 27 * HOUR_MS)).toMatchObject({ verdict: 'met' });
      expect(running('@every 30m', runs, HOUR_MS, 27 * HOUR_MS)).toMatchObject({
        cause: 'run-replaced-before-its-end',
      });
      expect(running('@every 2h', runs, HOUR_MS, 3 * HOUR_MS)).toMatchObject({ verdict: 'met' });
    });

    it('C10: counts, under Forbid, two durations where a run takes longer than the gap', () => {
      const runs = { concurrency: 'Forbid' };
      expect(running('*/5 * * * *', runs, HOUR_MS, 2 * HOUR_MS - 1)).toMatchObject({
        verdict: 'breached',
        cause: 'exposure-above-rpo',
        sentence: expect.stringContaining('concurrencyPolicy: Forbid'),
      });
      expect(running('*/5 * * * *', runs, HOUR_MS, 2 * HOUR_MS)).toMatchObject({ verdict: 'met' });
      // A deadline for the start makes the next run wait for the next firing.
      const late = { ...runs, startDeadlineMs: 60_000 };
      expect(running('*/5 * * * *', late, HOUR_MS, 2 * HOUR_MS)).toMatchObject({ verdict: 'breached' });
      expect(running('*/5 * * * *', late, HOUR_MS, 125 * 60_000)).toMatchObject({ verdict: 'met' });
    });

    it('C10: counts, under Forbid with a deadline, the firing that an uneven schedule loses to the run before it', () => {
      // The run of 03:00 ends at 04:30. The run of 04:00 is too late by then, so the next run is at 11:00.
      const late = { concurrency: 'Forbid', startDeadlineMs: 60_000 };
      const takesMs = 90 * 60_000;
      expect(running('0 3,4,11,19 * * *', late, takesMs, 10 * HOUR_MS)).toMatchObject({ verdict: 'met' });
      expect(running('0 3,4,13,20 * * *', late, takesMs, 11 * HOUR_MS)).toMatchObject({
        verdict: 'breached',
        cause: 'exposure-above-rpo',
      });
      // Without the deadline it starts at 04:30.
      expect(running('0 3,4,13,20 * * *', { concurrency: 'Forbid' }, takesMs, 11 * HOUR_MS)).toMatchObject({
        verdict: 'met',
      });
    });

    it('C10: knows, under Replace, runs that fire less than once a year', () => {
      const { verdict, cause } = running('0 0 29 2 *', { concurrency: 'Replace' }, HOUR_MS, 9 * 366 * 24 * HOUR_MS);
      expect({ verdict, cause }).toEqual({ verdict: 'met', cause: undefined });
    });

    it('C10: says, under Allow, how many runs are under way at once', () => {
      expect(running('*/5 * * * *', {}, HOUR_MS, 65 * 60_000)).toMatchObject({
        verdict: 'met',
        sentence: expect.stringContaining('up to 12 runs are under way at once'),
      });
    });

    it.each([
      ['below what a run takes', HOUR_MS - 1_000, HOUR_MS],
      ['of nothing', 0, 0],
    ])('C10: breaches with a deadline %s', (_, deadlineMs, takesMs) => {
      const runs = { deadlineMs, deadlineField: 'spec.jobTemplate.spec.activeDeadlineSeconds' };
      expect(running('0 2 * * *', runs, takesMs, 26 * HOUR_MS)).toMatchObject({
        verdict: 'breached',
        cause: 'run-ended-by-deadline',
        sentence: expect.stringContaining('spec.jobTemplate.spec.activeDeadlineSeconds'),
      });
      expect(running('0 2 * * *', { ...runs, deadlineMs: HOUR_MS }, takesMs, 26 * HOUR_MS)).toMatchObject({
        verdict: 'met',
      });
    });

    it('C10: proves nothing where a start may be left out and the RPO does not allow it', () => {
      const runs = { startDeadlineMs: 5_000 };
      expect(running('0 2 * * *', runs, 0, 25 * HOUR_MS)).toMatchObject({
        verdict: 'unproven',
        cause: 'start-deadline-too-short',
        sentence: expect.stringContaining('startingDeadlineSeconds: 5'),
      });
      expect(running('0 2 * * *', runs, 0, 48 * HOUR_MS)).toMatchObject({
        verdict: 'met',
        sentence: expect.stringContaining('startingDeadlineSeconds: 5'),
      });
      expect(running('0 2 * * *', { startDeadlineMs: 10_000 }, 0, 25 * HOUR_MS)).toMatchObject({ verdict: 'met' });
    });

    it('C10: mentions that a failed run is not tried again', () => {
      expect(running('0 2 * * *', { retries: 0 }, 0, 25 * HOUR_MS)).toMatchObject({
        verdict: 'met',
        sentence: expect.stringContaining('backoffLimit: 0'),
      });
    });
  });

  it('that is not there breaches its promise', () => {
    expect(judged({ ...schedule({}), found: null } as Observation).sentence).toContain('does not exist');
  });
});

describe('retention', () => {
  const retention = (changed: object): Observation => ({
    kind: 'retention',
    what: 's3://b/nats/',
    at,
    keepsAtLeast: 30,
    schedule: { cron: '0 2 * * *', timeZone: 'UTC' },
    keptMs: 30 * DAY_MS,
    keptBy: 'lifecycle nats-30-days',
    problems: [],
    recoveryPoints: 30,
    oldest: ago(30 * DAY_MS),
    notVerified: [],
    ...changed,
  });

  it('of 30 days keeps 30 daily recovery points', () => {
    expect(judged(retention({}))).toMatchObject({ verdict: 'met' });
  });

  it.each([
    ['0 2 * * 1-5', 'UTC', 20],
    ['0 3 * * *', 'Europe/Berlin', 29],
  ])('C24: counts what "%s" (%s) makes, and not its longest gap again and again', (cron, timeZone, keepsAtLeast) => {
    const schedule = { cron, timeZone };
    const kept = { schedule, keptMs: 30 * DAY_MS };
    expect(judged(retention({ ...kept, keepsAtLeast }))).toMatchObject({ verdict: 'met' });
    expect(judged(retention({ ...kept, keepsAtLeast: keepsAtLeast + 1 }))).toMatchObject({
      cause: 'retention-too-short',
    });
  });

  it.each([
    ['too short', { keptMs: DAY_MS }, /1 at any time, fewer than the 30 promised\. Keep them longer/],
    ['without an end', { keptMs: null }, /never lets a recovery point of s3:\/\/b\/nats\/ expire/],
    ['that is not carried out', { oldest: ago(33 * DAY_MS) }, /is 33 d old, but should have been deleted after 30 d/],
    [
      'that takes the copies of others',
      { problems: ['the rule deletes behind its back. Leave it'] },
      /behind its back/,
    ],
  ])('breaches its promise: %s', (_, changed, sentence) => {
    expect(judged(retention(changed))).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringMatching(sentence),
    });
  });

  it.each<[string, object]>([['there are some, and no oldest one', { oldest: null }]])(
    'is unproven when %s',
    (_, changed) => {
      expect(judged(retention(changed))).toMatchObject({
        verdict: 'unproven',
        sentence: expect.stringMatching(
          /the record contradicts itself: \d+ recovery points lie there, and the oldest is of /,
        ),
      });
    },
  );

  it('C09: is unproven when none lies there yet, whatever the rules promise', () => {
    expect(judged(retention({ recoveryPoints: 0, oldest: null }))).toMatchObject({
      verdict: 'unproven',
      cause: 'recovery-point-missing',
    });
    expect(judged(retention({ recoveryPoints: 0, oldest: null, keptMs: DAY_MS }))).toMatchObject({
      verdict: 'breached',
    });
  });

  const unread = { count: 31, examples: ['orders.tar.gz', 'latest'], newest: ago(HOUR_MS) };
  it('C09: is unproven when no name of what lies there shows a time, and gives examples', () => {
    expect(judged(retention({ recoveryPoints: 0, oldest: null, unread }))).toMatchObject({
      verdict: 'unproven',
      cause: 'recovery-point-names-unread',
      sentence: expect.stringMatching(/31 keys lie there .* such as "orders\.tar\.gz", "latest"/),
    });
    expect(judged(retention({ unread }))).toMatchObject({
      verdict: 'met',
      sentence: expect.stringContaining('31 keys'),
    });
  });

  it('C24: names the first rule that deletes what was promised', () => {
    const problem = { text: 'lifecycle r has a date that is past', cause: 'expires-on-a-date' };
    expect(judged(retention({ problems: [problem] }))).toMatchObject({
      verdict: 'breached',
      cause: 'expires-on-a-date',
    });
  });

  const thaw = { storageClass: 'DEEP_ARCHIVE', afterMs: DAY_MS, by: 'lifecycle cold', takesMs: 12 * HOUR_MS };
  it.each([
    ['takes longer than the RTO', { ...thaw, rtoMs: HOUR_MS }, 'breached', 'thaw-exceeds-rto'],
    ['counts against no RTO that is known', { ...thaw, rtoMs: null }, 'unproven', 'thaw-time-unknown'],
    ['is within the RTO', { ...thaw, rtoMs: 12 * HOUR_MS }, 'met', undefined],
    ['is not needed for as many as were promised', { ...thaw, afterMs: 30 * DAY_MS, rtoMs: HOUR_MS }, 'met', undefined],
  ])('C24: of what is archived is %s', (_, given, verdict, cause) => {
    expect(judged(retention({ thaw: given, keptMs: 60 * DAY_MS }))).toMatchObject({
      verdict,
      cause,
      sentence: expect.stringContaining('into DEEP_ARCHIVE'),
    });
  });

  it('is a breach where the newest expires before the next one is there', () => {
    const short = { keepsAtLeast: 1, oldest: at, recoveryPoints: 1 };
    expect(judged(retention({ ...short, keptMs: DAY_MS - 1 }))).toMatchObject({ cause: 'no-recovery-point-at-times' });
    expect(judged(retention({ ...short, keptMs: DAY_MS }))).toMatchObject({ verdict: 'met' });
    expect(judged(retention({ ...short, keptMs: DAY_MS, takesMs: HOUR_MS }))).toMatchObject({
      verdict: 'breached',
      cause: 'no-recovery-point-at-times',
    });
    expect(judged(retention({ ...short, keptMs: 25 * HOUR_MS, takesMs: HOUR_MS }))).toMatchObject({ verdict: 'met' });
  });

  it('C10: is a breach where runs never end, and counts those that wait', () => {
    const runs = (concurrency: string) => ({ cron: '*/5 * * * *', timeZone: 'UTC', runs: { concurrency } });
    expect(judged(retention({ schedule: runs('Replace'), takesMs: HOUR_MS }))).toMatchObject({
      verdict: 'breached',
      cause: 'run-replaced-before-its-end',
    });
    const kept = { keepsAtLeast: 24, keptMs: DAY_MS, oldest: ago(DAY_MS) };
    expect(judged(retention({ ...kept, schedule: runs('Forbid'), takesMs: HOUR_MS }))).toMatchObject({
      verdict: 'breached',
      cause: 'retention-too-short',
    });
    expect(judged(retention({ ...kept, schedule: runs('Forbid') }))).toMatchObject({ verdict: 'met' });
  });

  it('says that it is analysis', () => {
    expect(judged(retention({})).sentence).toContain('by analysis of schedule and rules');
  });

  it('is unproven when nothing schedules what is kept', () => {
    expect(judged(retention({ schedule: null }))).toMatchObject({ verdict: 'unproven' });
  });
});

describe('recovery points', () => {
  const point = (ageMs: number, changed: Partial<ObservedRecoveryPoint> = {}): ObservedRecoveryPoint => ({
    id: `point-${ageMs / HOUR_MS}h`,
    captureBegan: ago(ageMs),
    durable: ago(ageMs - 60_000),
    outcome: 'succeeded',
    said: 'Completed',
    ...changed,
  });
  const points = (list: ObservedRecoveryPoint[], failed = 0): RecoveryPointsObservation => ({
    kind: 'recovery-points',
    where: 's3://b/nats/',
    at,
    promised: {
      successAbovePercent: 99,
      freshWithinMs: 25 * HOUR_MS,
      criticalAfterMs: 48 * HOUR_MS,
      lagWithinMs: 48 * HOUR_MS,
    },
    population: 'all that lie there',
    counted: list.length,
    succeeded: list.filter(({ outcome }) => outcome === 'succeeded').length,
    failed,
    missed: failed,
    points: list.slice(0, 40),
  });

  it('that are fresh and whole are met, and the size of the sample is said', () => {
    const sentence = judged(points([point(2 * HOUR_MS)])).sentence;
    expect(sentence).toContain('1 of 1 attempt succeeded, 100 % (all that lie there, too few to show a rate)');
  });

  it('of which none is there are unproven, not met', () => {
    expect(judged(points([]))).toMatchObject({ verdict: 'unproven' });
  });

  const off = { durable: null, said: 'Completed; and nothing lies there' };
  it.each([
    ['a day and two hours old', points([point(26 * HOUR_MS)]), /1 d 2 h old: too old; less than 1 d 1 h was promised/],
    ['two days and an hour old', points([point(49 * HOUR_MS)]), /critical, which begins at 2 d/],
    [
      'not off-site at all',
      points([point(2 * HOUR_MS, off)]),
      /none of 1 attempt left a whole recovery point .*nothing lies there/,
    ],
    ['late', points([point(HOUR_MS), point(60 * HOUR_MS, { durable: ago(HOUR_MS) })]), /took 2 d 11 h to get off-site/],
    ['still not off-site', points([point(HOUR_MS), point(60 * HOUR_MS, off)]), /is not off-site after 2 d 12 h/],
    [
      'one in a hundred failed',
      points(
        Array.from({ length: 99 }, () => point(HOUR_MS)),
        1,
      ),
      /99 of 100 attempts succeeded, 99 %.*more than 99 %/,
    ],
  ])('breach their promise: %s', (_, observation, sentence) => {
    expect(judged(observation)).toMatchObject({ verdict: 'breached', sentence: expect.stringMatching(sentence) });
  });

  it('C07: from the future are a breach, and freshness is that of the others', () => {
    const ahead = {
      count: 1,
      first: point(-365 * DAY_MS, { id: 's3://b/nats/20360101T000000Z/', durable: ago(DAY_MS) }),
    };
    const stopped = { ...points([point(40 * DAY_MS)]), ahead };
    expect(judged(stopped)).toMatchObject({ verdict: 'breached', cause: 'recovery-point-too-old' });
    expect(judged(stopped).sentence).toMatch(/40 d old: critical.*20360101T000000Z.*was left out/);
    const running = { ...points([point(2 * HOUR_MS)]), ahead };
    expect(judged(running)).toMatchObject({ verdict: 'breached', cause: 'recovery-point-from-the-future' });
    expect(judged({ ...points([]), ahead })).toMatchObject({ cause: 'recovery-point-from-the-future' });
  });

  it('C07, C09: proves nothing where names give no zone, and another one may explain what was found', () => {
    const ahead = { count: 1, first: point(-8 * HOUR_MS, { durable: ago(0) }) };
    const running = { ...points([point(2 * HOUR_MS)]), ahead, isZoneAssumed: true };
    const tooFar = { count: 1, first: point(-DAY_MS, { durable: ago(0) }) };
    expect(judged({ ...running, ahead: tooFar })).toMatchObject({ verdict: 'breached' });
    expect(judged(running)).toMatchObject({ verdict: 'unproven', sentence: expect.stringContaining('`timeZone`') });
    const late = { ...points([point(30 * HOUR_MS)]), isZoneAssumed: true };
    expect(judged(late)).toMatchObject({ verdict: 'unproven', cause: 'recovery-point-names-unread' });
    // No time zone explains 40 days or a failure.
    expect(judged({ ...points([point(40 * DAY_MS)]), isZoneAssumed: true })).toMatchObject({ verdict: 'breached' });
    expect(judged({ ...points([point(HOUR_MS)], 3), isZoneAssumed: true })).toMatchObject({ cause: 'success-rate' });
  });

  it('C08: is a breach where several in a row are missing, however many came otherwise', () => {
    const longestGap = { gapMs: 9 * DAY_MS, after: 'a', before: 'b' };
    const many = points(Array.from({ length: 5_000 }, () => point(HOUR_MS)));
    const observation = { ...many, everyMs: DAY_MS, surplus: 0, longestGap };
    expect(judged(observation)).toMatchObject({ verdict: 'breached', cause: 'recovery-point-gap' });
    expect(judged(observation).sentence).toMatch(/there was no recovery point for 9 d, between a and b/);
    const one = { ...longestGap, gapMs: 2 * DAY_MS + HOUR_MS };
    expect(judged({ ...observation, longestGap: one })).toMatchObject({ verdict: 'met' });
  });

  it('C08: counts retries as the one attempt that they are', () => {
    const eleven = points(
      Array.from({ length: 11 }, () => point(HOUR_MS)),
      9,
    );
    expect(judged({ ...eleven, surplus: 9 }).sentence).toContain('2 of 11 attempts succeeded');
    expect(judged({ ...eleven, surplus: 9 })).toMatchObject({ verdict: 'breached', cause: 'success-rate' });
  });

  const unread = { count: 31, examples: ['orders.tar.gz'], newest: ago(HOUR_MS) };
  it('C09: whose names show no time are unproven, with examples, and not an empty bucket', () => {
    expect(judged({ ...points([]), unread })).toMatchObject({
      verdict: 'unproven',
      cause: 'recovery-point-names-unread',
      sentence: expect.stringMatching(/31 keys lie there .* such as "orders\.tar\.gz"/),
    });
    // The newer ones may be among the unreadable ones.
    expect(judged({ ...points([point(40 * DAY_MS)]), unread })).toMatchObject({ verdict: 'unproven' });
    const pointer = { ...unread, newest: ago(30 * HOUR_MS) };
    expect(judged({ ...points([point(30 * HOUR_MS)]), everyMs: DAY_MS, unread: pointer })).toMatchObject({
      verdict: 'breached',
    });
    const older = { ...unread, newest: ago(50 * DAY_MS) };
    expect(judged({ ...points([point(40 * DAY_MS)]), unread: older })).toMatchObject({ verdict: 'breached' });
    expect(judged({ ...points([point(HOUR_MS)]), unread })).toMatchObject({
      verdict: 'met',
      sentence: expect.stringContaining('31 keys'),
    });
  });

  it('C24: of which the newest has to be thawed count against the RTO', () => {
    const cold = points([point(HOUR_MS, { storageClass: 'DEEP_ARCHIVE', thawMs: 12 * HOUR_MS })]);
    const within = (rtoMs: number) => judged({ ...cold, promised: { ...cold.promised, rtoMs } });
    expect(judged(cold)).toMatchObject({ verdict: 'unproven', cause: 'thaw-time-unknown' });
    expect(within(HOUR_MS)).toMatchObject({ verdict: 'breached', cause: 'thaw-exceeds-rto' });
    expect(within(12 * HOUR_MS)).toMatchObject({ verdict: 'met' });
  });

  it('C28: that were completed with nothing in them are failed ones', () => {
    const empty = point(HOUR_MS, {
      outcome: 'failed',
      durable: null,
      problem: 'backup-empty',
      said: 'Completed, 0 items, 0 errors, 0 warnings',
    });
    expect(judged(points([empty], 1))).toMatchObject({
      verdict: 'breached',
      cause: 'backup-empty',
      sentence: expect.stringContaining('Completed, 0 items'),
    });
  });

  it('keep a success rate above 99 % when one in two hundred failed', () => {
    expect(
      judged(
        points(
          Array.from({ length: 199 }, () => point(HOUR_MS)),
          1,
        ),
      ),
    ).toMatchObject({ verdict: 'met' });
  });

  const running = point(HOUR_MS, { outcome: 'running', durable: null });
  const failed = point(3 * HOUR_MS, { outcome: 'failed', durable: null });
  const fresh = point(2 * HOUR_MS);
  const met = { ...points([running, fresh, failed]), failed: 1 };
  const anyRate = (changed: Partial<RecoveryPointsObservation>): RecoveryPointsObservation => ({
    ...met,
    promised: { ...met.promised, successAbovePercent: null },
    ...changed,
  });

  it('are met where their counts are those of the listed ones', () => {
    expect(judged(anyRate({}))).toMatchObject({ verdict: 'met' });
    expect(judged(anyRate({ failed: 3, missed: 2 }))).toMatchObject({ verdict: 'met' });
  });

  it.each<[string, Partial<RecoveryPointsObservation>, RegExp]>([
    ['more are counted than listed', { counted: 4 }, /4 recovery points are counted, and 3 are listed/],
    ['fewer are counted than listed', { counted: 2 }, /2 recovery points are counted, and 3 are listed/],
    ['more succeeded than are listed so', { succeeded: 2 }, /2 .* said to have succeeded, and 1 of the listed/],
    [
      'none ended, and one is listed as succeeded, whatever rate was promised',
      { succeeded: 0, failed: 0, promised: met.promised },
      /0 .* said to have succeeded, and 1 of the listed/,
    ],
    ['none succeeded, and one is listed so', { succeeded: 0 }, /0 .* said to have succeeded, and 1 of the listed/],
    ['more failed than are listed so', { failed: 2 }, /2 .* said to have failed, and 1 of the listed/],
    ['none failed, and one is listed so', { failed: 0 }, /0 .* said to have failed, and 1 of the listed/],
    ['more were missed than failed', { missed: 1 }, /0 .* said to have failed, and 1 of the listed/],
  ])('are unproven where %s', (_, changed, said) => {
    expect(judged(anyRate(changed))).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(said),
    });
  });

  it('of which only the newest are listed may have more of each outcome, and not more than there are', () => {
    const many = { ...anyRate(points(Array.from({ length: 60 }, () => fresh))), promised: anyRate({}).promised };
    expect(judged({ ...many, succeeded: 50, failed: 10, missed: 0 })).toMatchObject({ verdict: 'met' });
    expect(judged({ ...many, succeeded: 50, failed: 11, missed: 0 })).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringContaining('61 of 60 recovery points have ended'),
    });
    expect(judged({ ...many, succeeded: 55, failed: 9, missed: 3 }).sentence).toContain(
      '61 of 60 recovery points have ended',
    );
    expect(judged({ ...many, succeeded: 39 })).toMatchObject({ verdict: 'unproven' });
    // A missed attempt counts as failed, and is not among the existing ones.
    expect(judged({ ...many, succeeded: 55, failed: 8, missed: 3 })).toMatchObject({ verdict: 'met' });
    const forty = { ...many, ...points(Array.from({ length: 40 }, () => fresh)), promised: many.promised };
    expect(judged({ ...forty, succeeded: 40, failed: 0, missed: 0 })).toMatchObject({ verdict: 'met' });
    expect(judged({ ...forty, succeeded: 41, failed: 0, missed: 0 })).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringContaining(
        '41 recovery points are said to have succeeded, and 40 of the listed ones have',
      ),
    });
  });
});

describe('sentences of a posture', () => {
  const point = (changed: Partial<ObservedRecoveryPoint>): ObservedRecoveryPoint => ({
    id: 'p1',
    captureBegan: ago(2 * HOUR_MS),
    durable: ago(HOUR_MS),
    outcome: 'succeeded',
    said: 'Completed',
    ...changed,
  });
  const observed = (
    list: ObservedRecoveryPoint[],
    changed: Partial<RecoveryPointsObservation> = {},
  ): RecoveryPointsObservation => ({
    kind: 'recovery-points',
    where: 's3://b/nats/',
    at,
    promised: {
      successAbovePercent: 50,
      freshWithinMs: 25 * HOUR_MS,
      criticalAfterMs: 48 * HOUR_MS,
      lagWithinMs: 3 * HOUR_MS,
    },
    population: 'all that lie there',
    counted: list.length,
    succeeded: list.filter(({ outcome }) => outcome === 'succeeded').length,
    failed: list.filter(({ outcome }) => outcome === 'failed').length,
    points: list,
    ...changed,
  });
  const said = (observation: Observation) => `${judged(observation).verdict}: ${judged(observation).sentence}`;
  const failed = point({ id: 'p2', outcome: 'failed', durable: null, said: 'disk full' });

  it('say how old and how far behind recovery points are', () => {
    expect(
      said(observed([point({}), point({ id: 'p3', captureBegan: ago(5 * HOUR_MS), durable: ago(3 * HOUR_MS) })])),
    ).toBe(
      'met: The promise: the newest in s3://b/nats/ is 2 h old, the longest off-site lag 2 h, 2 of 2 attempts succeeded, 100 % (all that lie there, too few to show a rate).',
    );
    const many = Array.from({ length: 6 }, () => point({}));
    expect(said(observed(many))).toContain('6 of 6 attempts succeeded, 100 % (all that lie there).');
    expect(said(observed([point({}), point({}), failed]))).toContain(
      '2 of 3 attempts succeeded, 66.6 % (all that lie there).',
    );
  });

  it('do not count a lag below nothing, or one of an attempt that failed', () => {
    const early = point({ durable: ago(3 * HOUR_MS) });
    expect(said(observed([early, point({}), { ...failed, captureBegan: ago(90 * HOUR_MS) }]))).toContain(
      'the longest off-site lag 1 h,',
    );
    expect(said(observed([early]))).toContain('the longest off-site lag 0 s,');
  });

  it('say that no rate was promised', () => {
    const promised = { ...observed([]).promised, successAbovePercent: null };
    expect(said(observed([point({}), failed], { promised }))).toBe(
      'met: The promise: the newest in s3://b/nats/ is 2 h old, the longest off-site lag 1 h, 1 of them whole (all that lie there).',
    );
  });

  it('name the last failure where too many failed', () => {
    expect(said(observed([point({}), failed, { ...failed, id: 'p4' }]))).toBe(
      'breached: The promise: 1 of 3 attempts succeeded, 33.3 % (all that lie there); more than 50 % was promised (the last failure is p2: disk full). Read the logs of the failed attempts.',
    );
    expect(said(observed([point({})], { failed: 1, missed: 1 }))).toBe(
      'breached: The promise: 1 of 2 attempts succeeded, 50 % (all that lie there); more than 50 % was promised. Read the logs of the failed attempts.',
    );
  });

  it('say everything that is broken, and what to do', () => {
    const late = point({ captureBegan: ago(30 * HOUR_MS), durable: ago(26 * HOUR_MS) });
    expect(said(observed([late]))).toBe(
      'breached: The promise: the newest in s3://b/nats/ (p1) is 1 d 6 h old: too old; less than 1 d 1 h was promised. Find out why no newer one came, and take a backup now; p1 took 4 h to get off-site; less than 3 h was promised. Check the program that copies it.',
    );
    expect(said(observed([late], { points: [], counted: 1 }))).toBe(
      'breached: The promise: none of 1 attempt left a whole recovery point in s3://b/nats/ (the last says: nothing). Find out why, and take a backup now.',
    );
    const partial = { ...failed, durable: ago(HOUR_MS) };
    expect(said(observed([partial]))).toContain(
      'none of 1 attempt left a whole recovery point in s3://b/nats/ (the last says: disk full)',
    );
    const running = point({ outcome: 'running', durable: null, said: 'InProgress' });
    expect(said(observed([running]))).toBe(
      'breached: The promise: none of 1 attempt left a whole recovery point in s3://b/nats/ (the last says: InProgress). Find out why, and take a backup now.',
    );
    expect(said(observed([]))).toBe(
      'unproven: The promise: no recovery point lies in s3://b/nats/, so there is nothing to judge.',
    );
  });

  it('take the newest by its capture, whatever the order', () => {
    const old = point({ id: 'old', captureBegan: ago(90 * HOUR_MS), durable: ago(89 * HOUR_MS) });
    expect(said(observed([old, point({})]))).toContain('is 2 h old');
  });

  it('accept an age and a lag that are just as promised', () => {
    const on = point({ captureBegan: ago(25 * HOUR_MS), durable: ago(22 * HOUR_MS) });
    expect(judged(observed([on])).verdict).toBe('met');
    const critical = point({ captureBegan: ago(48 * HOUR_MS), durable: ago(47 * HOUR_MS) });
    expect(said(observed([critical]))).toContain('is 2 d old: too old;');
  });

  const schedule = (found: object | null, takesMs = HOUR_MS, rpoMs = 25 * HOUR_MS): Observation =>
    ({
      kind: 'schedule',
      what: 'CronJob a/b',
      at,
      rpoMs,
      takesMs,
      found: found === null ? null : { cron: '0 2 * * *', timeZone: 'UTC', paused: false, problem: null, ...found },
    }) as Observation;

  it('say how often a schedule runs', () => {
    expect(said(schedule({}))).toBe(
      'met: The promise: "0 2 * * *" (UTC) of CronJob a/b lets 1 d pass at most and 1 h for capture and upload, within the RPO of 1 d 1 h.',
    );
    expect(said(schedule({}, 0))).toContain('lets 1 d pass at most, within');
    expect(said(schedule({}, HOUR_MS + 1))).toMatch(
      /^breached: .*, which is 1 ms more than the RPO of 1 d 1 h\. Run it more often\.$/,
    );
    expect(said(schedule(null))).toBe(
      'breached: The promise: CronJob a/b does not exist. Apply the manifest that declares it.',
    );
    expect(said(schedule({ paused: true }))).toBe(
      'breached: The promise: CronJob a/b is paused, so no backup is taken. Resume it.',
    );
    expect(said(schedule({ problem: 'no location' }))).toBe(
      'breached: The promise: CronJob a/b takes no backup: no location. Correct it.',
    );
    expect(said(schedule({ cron: 'x' }))).toMatch(
      /^breached: The promise: CronJob a\/b takes no backup: schedule "x": expected/,
    );
  });

  const retention = (changed: object): Observation =>
    ({
      kind: 'retention',
      what: 's3://b/nats/',
      at,
      keepsAtLeast: 30,
      schedule: { cron: '0 2 * * *', timeZone: 'UTC' },
      keptMs: 30 * DAY_MS,
      keptBy: 'lifecycle nats',
      problems: [],
      recoveryPoints: 2,
      oldest: ago(2 * DAY_MS),
      notVerified: [],
      ...changed,
    }) as Observation;

  it('say how long recovery points are kept', () => {
    expect(said(retention({}))).toBe(
      'met: The promise: lifecycle nats keeps each for 30 d and "0 2 * * *" makes one every 1 d: 30 at any time, 30 promised, by analysis of schedule and rules; 2 lie there now, the oldest 2 d old.',
    );
    expect(said(retention({ recoveryPoints: 1 }))).toContain('1 lies there now, the oldest 2 d old');
    expect(said(retention({ recoveryPoints: 0, oldest: null }))).toMatch(/^unproven: .*no recovery point was seen/);
    expect(said(retention({ keptMs: 29 * DAY_MS }))).toBe(
      'breached: The promise: lifecycle nats keeps each for 29 d and "0 2 * * *" makes one every 1 d: 29 at any time, fewer than the 30 promised. Keep them longer.',
    );
    expect(said(retention({ oldest: ago(32 * DAY_MS) }))).toMatch(/^met: /);
    expect(said(retention({ oldest: ago(32 * DAY_MS + 1) }))).toBe(
      'breached: The promise: the oldest recovery point of s3://b/nats/ is 32 d old, but should have been deleted after 30 d. Find out why lifecycle nats does not delete it.',
    );
    expect(said(retention({ keptMs: null }))).toBe(
      'breached: The promise: lifecycle nats never lets a recovery point of s3://b/nats/ expire. Let it expire after some time.',
    );
    expect(said(retention({ schedule: null }))).toBe(
      'unproven: The promise: nothing schedules s3://b/nats/, so it is unknown how many are kept.',
    );
    expect(said(retention({ schedule: { cron: 'x', timeZone: 'UTC' } }))).toMatch(
      /^breached: The promise: schedule "x"/,
    );
    expect(said(retention({ problems: ['one. Mend it!', 'two'] }))).toBe('breached: The promise: one. Mend it!');
  });

  it('say that no reason was given, and how many are not as promised', () => {
    expect(judged(null).sentence).toBe('The promise: it could not be checked: no reason given.');
    expect(said(comparisonOf({ of: 'settings', compared: 3, differences: [], notVerified: ['a', 'b'] }))).toBe(
      'met: The promise: 3 settings compared, all as promised (not verified: a; b).',
    );
    expect(said(comparisonOf({ of: 'settings', compared: 3, differences: [] }))).toBe(
      'met: The promise: 3 settings compared, all as promised.',
    );
  });
});

describe('a posture record', () => {
  const check = (name: string) => ({
    name,
    promise: 'P',
    durationMs: 1,
    observation: comparisonOf({ of: 'things', compared: 1, differences: [] }),
    failure: null,
    verdict: 'met' as const,
    sentence: '',
  });
  const record = {
    contract: { name: 'p', owner: 'o', controls: [] },
    appliedBy: null,
    at,
    durationMs: 1,
    applyMs: null,
    checks: [check('a'), check('b')],
    expectedChecks: ['a', 'b'],
    verdict: 'met' as const,
  };

  it('is judged by each of its checks', () => {
    const unlike = { ...check('b'), observation: comparisonOf({ of: 'things', compared: 0, differences: [] }) };
    expect(judgePosture({ ...record, checks: [check('a'), unlike] })).toMatchObject({
      verdict: 'unproven',
      checks: [{ verdict: 'met' }, { verdict: 'unproven' }],
    });
  });

  it('that holds every promised check is met', () => {
    expect(judgePosture(record)).toMatchObject({ verdict: 'met', checks: [{ name: 'a' }, { name: 'b' }] });
  });

  it('of which a check is missing is unproven, and names it', () => {
    expect(judgePosture({ ...record, checks: [check('a')] })).toMatchObject({
      verdict: 'unproven',
      checks: [
        { verdict: 'met' },
        {
          name: 'b',
          promise: 'p',
          verdict: 'unproven',
          durationMs: 0,
          sentence: expect.stringContaining('the check "b" is missing from the record'),
        },
      ],
    });
  });

  it('with a check that was not announced is unproven', () => {
    expect(judgePosture({ ...record, expectedChecks: ['a'] })).toMatchObject({
      verdict: 'unproven',
      checks: [{}, {}, { name: 'b-expected', sentence: expect.stringContaining('the check "b" was not announced') }],
    });
  });

  it('of an older version is unproven, because it does not say which checks it had to hold', () => {
    const { expectedChecks: _, ...old } = record;
    expect(judgePosture(old)).toMatchObject({
      verdict: 'unproven',
      checks: [
        {},
        {},
        { name: 'expected-checks', sentence: expect.stringContaining('an older version made this record') },
      ],
    });
  });

  it('whose check failed and observed something is unproven', () => {
    const failed = { ...check('a'), failure: ['no answer'] };
    expect(judgePosture({ ...record, checks: [failed, check('b')] }).checks[0]).toMatchObject({
      verdict: 'unproven',
      sentence: 'P: the record contradicts itself: something was observed, but the check failed.',
    });
  });

  it('whose check counts no difference and lists one is unproven', () => {
    const difference = { item: 'a', expected: 'x', found: 'y', nextStep: 'z' };
    const observation = { ...check('a').observation, firstDifferences: [difference] };
    expect(judgeCheck({ promise: 'P', observation, failure: null })).toMatchObject({
      verdict: 'unproven',
      sentence: 'P: the record contradicts itself: no things differ, and a is not x.',
    });
  });
});
