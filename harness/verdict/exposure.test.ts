import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../model/record.ts';
import { exposureOf, judgeExposure, judgeFreshness } from './exposure.ts';
import { judge } from './judge.ts';
import { metRecord, mirroredRecord } from './testing/met-records.ts';

const copied = { cron: '*/10 * * * *', timeZone: 'UTC' };
const changed = (change: (record: DrillRecord) => void) => metRecord(change);

describe('exposure by a schedule', () => {
  it('is its longest gap, capture and upload', () => {
    expect(exposureOf(metRecord())).toBe(310_000);
    expect(judgeExposure(metRecord())).toEqual({
      name: 'exposure',
      basis: 'analysis',
      verdict: 'met',
      sentence:
        'Promised to lose at most 2 h; the schedule "*/5 * * * *" (UTC) with its capture and upload permits losing 5 min 10 s.',
    });
  });

  it('counts the schedule of a copy as well', () => {
    const record = changed((each) => {
      if (each.recoveryPoint !== null) each.recoveryPoint.copiedOn = copied;
      each.contract.rpoMs = 910_000;
    });
    expect(exposureOf(record)).toBe(910_000);
    expect(judgeExposure(record)).toMatchObject({
      verdict: 'at-risk',
      sentence:
        'Promised to lose at most 15 min 10 s; the schedule "*/5 * * * *" (UTC), copied on by "*/10 * * * *" (UTC), with its capture and upload permits losing 15 min 10 s, above 80 % of the objective.',
    });
  });

  it('breaks a promise that it cannot keep, however well the drill went', () => {
    const record = changed((each) => {
      each.contract.rpoMs = 300_000;
    });
    expect(judgeExposure(record)).toEqual({
      name: 'exposure',
      basis: 'analysis',
      verdict: 'breached',
      cause: 'exposure-above-rpo',
      sentence:
        'Promised to lose at most 5 min; the schedule "*/5 * * * *" (UTC) with its capture and upload permits losing 5 min 10 s, 10 s too much. Back up more often, or promise less.',
    });
  });

  it.each(['captureBegan', 'durable'] as const)(
    'E26: says that capture and upload are not known without "%s"',
    (moment) => {
      const record = (rpoMs: number) =>
        changed((each) => {
          each.moments[moment] = null;
          each.contract.rpoMs = rpoMs;
        });
      expect(exposureOf(record(7_200_000))).toBeNull();
      expect(judgeExposure(record(300_000))).toEqual({
        name: 'exposure',
        basis: 'analysis',
        verdict: 'unproven',
        cause: 'capture-time-unknown',
        sentence:
          'Promised to lose at most 5 min; the schedule "*/5 * * * *" (UTC) permits losing 5 min before capture and upload, above 80 % of the objective. How long those take is not known, because no backup was completed.',
      });
      expect(judgeExposure(record(299_999))).toMatchObject({ verdict: 'breached' });
    },
  );

  it('is not known of a schedule that cannot be read', () => {
    const record = changed((each) => {
      each.contract.schedule = { cron: 'at night', timeZone: 'UTC' };
    });
    expect(exposureOf(record)).toBeNull();
    expect(judgeExposure(record)).toMatchObject({
      verdict: 'unproven',
      sentence: expect.stringMatching(/^Nothing says how much may be lost: .*at night.*cannot be read/),
    });
  });
});

describe('exposure by the schedule of an object of the platform', () => {
  const held = { cron: '*/5 * * * *', timeZone: 'UTC', heldBy: 'CronJob ops/backup in ops/all.yaml' };
  /** Capture and upload took ten seconds. */
  const judged = (schedule: object, rpoMs = 7_200_000) =>
    judgeExposure(
      changed((each) => {
        each.contract.schedule = { ...held, ...schedule };
        each.contract.rpoMs = rpoMs;
      }),
    );

  it.each([
    [{ cron: '0 0 30 2 *' }, 'schedule-never-fires'],
    [{ cron: '0 2 * * 7' }, 'schedule-rejected'],
    [{ timeZone: 'Mars/Olympus' }, 'schedule-rejected'],
    [{ idle: { reason: 'it is suspended (spec.suspend: true)', cause: 'schedule-paused' } }, 'schedule-paused'],
  ])('N20: is a breach where no backup is ever taken: %o', (schedule, cause) => {
    expect(judged(schedule)).toMatchObject({
      verdict: 'breached',
      cause,
      basis: 'analysis',
      sentence: expect.stringContaining('CronJob ops/backup in ops/all.yaml'),
    });
  });

  it('C10: is a breach where each run is replaced or ended before it is complete', () => {
    const cron = '@every 5s';
    expect(judged({ cron, runs: { concurrency: 'Replace' } })).toMatchObject({
      verdict: 'breached',
      cause: 'run-replaced-before-its-end',
    });
    expect(judged({ runs: { concurrency: 'Allow', deadlineMs: 5_000, deadlineField: 'spec.x' } })).toMatchObject({
      verdict: 'breached',
      cause: 'run-ended-by-deadline',
      sentence: expect.stringContaining('spec.x: 5'),
    });
  });

  it('C10: counts the waiting of runs that must not overlap', () => {
    const runs = { concurrency: 'Forbid' as const };
    expect(judged({ cron: '@every 5s', runs }, 30_000)).toMatchObject({ verdict: 'met' });
    expect(judged({ cron: '@every 5s', runs }, 19_999)).toMatchObject({
      verdict: 'breached',
      cause: 'exposure-above-rpo',
    });
  });

  it('C10: proves nothing where a start may be left out', () => {
    const runs = { concurrency: 'Allow' as const, startDeadlineMs: 5_000 };
    expect(judged({ runs }, 400_000)).toMatchObject({ verdict: 'unproven', cause: 'start-deadline-too-short' });
    expect(judged({ runs }, 7_200_000)).toMatchObject({ verdict: 'met' });
  });

  it('is a breach where the newest recovery point expires before the next one is there', () => {
    expect(judged({ keptMs: 309_000 })).toMatchObject({ verdict: 'breached', cause: 'no-recovery-point-at-times' });
    expect(judged({ keptMs: 310_000 })).toMatchObject({ verdict: 'met' });
  });

  it('of a systemd timer leaves out what is due while a run is under way', () => {
    const timer = { scheduler: 'systemd' as const, cron: '*:*:0/5', heldBy: undefined };
    expect(judged(timer, 24_999)).toMatchObject({ verdict: 'breached', cause: 'exposure-above-rpo' });
    expect(judged(timer, 60_000)).toMatchObject({ verdict: 'met', sentence: expect.stringContaining('systemd') });
  });
});

describe('exposure under continuous protection', () => {
  it('is nothing', () => {
    const record = changed((each) => {
      each.contract.schedule = 'continuous';
      each.contract.rpoMs = 0;
      each.moments.durable = null;
    });
    expect(exposureOf(record)).toBe(0);
    expect(judgeExposure(record)).toEqual({
      name: 'exposure',
      verdict: 'met',
      sentence: 'Every acknowledged write is its own recovery point; no schedule leaves a gap.',
    });
  });
});

describe('exposure behind a mirror', () => {
  const behind = (change: (record: DrillRecord) => void = () => undefined) => mirroredRecord(change);
  it('is the worst lag of the worst lane', () => {
    const record = behind((each) => {
      const lane = each.replication?.lanes[1];
      if (lane !== undefined) Object.assign(lane, { worstMs: 9_500, worstPositions: 20 });
    });
    expect(exposureOf(record)).toBe(9_500);
    expect(judgeExposure(record)).toEqual({
      name: 'exposure',
      verdict: 'met',
      sentence: 'Promised to lose at most 2 h; the mirror was at most 20 messages and 9.5 s behind in 60 measurements.',
    });
  });

  it('counts the look at the disaster', () => {
    const record = behind((each) => {
      const lane = each.replication?.lanes[0];
      if (lane !== undefined) lane.atDisasterMs = 12_000;
      each.contract.rpoMs = 10_000;
    });
    expect(exposureOf(record)).toBe(12_000);
    expect(judgeExposure(record)).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringContaining('2 s too much'),
    });
  });

  it.each<[string, (record: DrillRecord) => void]>([
    [
      'nothing was looked at',
      (record) => {
        delete record.replication;
      },
    ],
    [
      'there were no looks',
      (record) => {
        if (record.replication !== undefined) record.replication.looks = 0;
      },
    ],
    [
      'there were no lanes',
      (record) => {
        if (record.replication !== undefined) record.replication.lanes = [];
      },
    ],
  ])('is not known where %s', (_, change) => {
    expect(exposureOf(behind(change))).toBeNull();
    expect(judgeExposure(behind(change))).toEqual({
      name: 'exposure',
      verdict: 'unproven',
      cause: 'not-looked-at',
      sentence: 'The lag of the mirror was not measured, so nothing says how much a disaster may lose.',
    });
  });
});

const HOUR_MS = 3_600_000;
const levels = { belowMs: 25 * HOUR_MS, criticalMs: 48 * HOUR_MS };

const drilled = metRecord((record) => {
  record.contract.rpoMs = 48 * HOUR_MS;
  record.contract.freshness = levels;
  record.expected?.findings.splice(4, 0, 'freshness');
});

const scheduled = (cron: string, timeZone: string): DrillRecord => ({
  ...drilled,
  contract: { ...drilled.contract, schedule: { cron, timeZone } },
});

/** Returns the verdict on a newest recovery point of that age at the disaster, where no schedule makes it older. */
function verdictAt(ageMs: number): string {
  const { captureBegan, disasterBegan } = drilled.moments;
  if (captureBegan === null || disasterBegan === null) throw new Error('no disaster');
  const late = { ...disasterBegan, monotonicMs: captureBegan.monotonicMs + ageMs };
  const [finding] = judgeFreshness({
    ...drilled,
    contract: { ...drilled.contract, schedule: 'continuous' },
    moments: { ...drilled.moments, disasterBegan: late },
  });
  return finding?.verdict ?? 'not judged';
}

describe('freshness of the newest recovery point', () => {
  it.each([
    [25 * HOUR_MS - 1, 'met'],
    [25 * HOUR_MS, 'at-risk'],
    [48 * HOUR_MS - 1, 'at-risk'],
    [48 * HOUR_MS, 'breached'],
  ])('is judged by its two levels: %i ms is %s', (ageMs, verdict) => {
    expect(verdictAt(ageMs)).toBe(verdict);
  });

  it('gets no better with age', () => {
    const severity = ['met', 'at-risk', 'breached'];
    fc.assert(
      fc.property(fc.nat(200 * HOUR_MS), fc.nat(200 * HOUR_MS), (one, other) => {
        const [young, old] = [Math.min(one, other), Math.max(one, other)].map((ageMs) =>
          severity.indexOf(verdictAt(ageMs)),
        );
        expect(young).toBeGreaterThanOrEqual(0);
        expect(young).toBeLessThanOrEqual(old ?? -1);
      }),
    );
  });

  it.each([
    ['0 3 * * *', 'UTC', 'met'],
    // In the night in which clocks go back, 25 h pass between two runs, plus the upload.
    ['0 4 * * *', 'Europe/Berlin', 'at-risk'],
    // In the night in which clocks go forward, 02:30 does not occur.
    ['30 2 * * *', 'America/New_York', 'at-risk'],
    ['0 3 */2 * *', 'UTC', 'breached'],
  ])(
    'counts the longest gap of the schedule, daylight saving included: "%s" in %s is %s',
    (cron, timeZone, verdict) => {
      const [finding] = judgeFreshness(scheduled(cron, timeZone));
      expect(finding?.verdict).toBe(verdict);
      expect(finding?.sentence).toContain(`the schedule "${cron}" (${timeZone}) lets it become`);
    },
  );

  it('says what was promised, how old it was, and how old it may become', () => {
    expect(judgeFreshness(scheduled('0 3 * * *', 'UTC'))).toEqual([
      {
        name: 'freshness',
        verdict: 'met',
        sentence:
          'Promised a newest recovery point younger than 1 d 1 h; it was 30 s old at the disaster, and the schedule "0 3 * * *" (UTC) lets it become 1 d old.',
      },
    ]);
    const continuous = { ...drilled, contract: { ...drilled.contract, schedule: 'continuous' as const } };
    expect(judgeFreshness(continuous)).toMatchObject([
      { sentence: 'Promised a newest recovery point younger than 1 d 1 h; it was 30 s old at the disaster.' },
    ]);
    const [critical] = judgeFreshness(scheduled('0 3 */2 * *', 'UTC'));
    expect(critical?.sentence).toMatch(/lets it become 2 d old, which is critical \(2 d\)\.$/);
  });

  it('decides the verdict of the whole drill', () => {
    expect(judge(scheduled('0 3 * * *', 'UTC')).verdict).toBe('met');
    expect(judge(scheduled('0 4 * * *', 'Europe/Berlin'))).toMatchObject({
      verdict: 'at-risk',
      sentence: expect.stringMatching(/younger than 1 d 1 h/),
    });
  });

  it('takes the age at the disaster when that is worse than the schedule', () => {
    const { disasterBegan } = drilled.moments;
    if (disasterBegan === null) throw new Error('no disaster');
    const late = { ...disasterBegan, monotonicMs: disasterBegan.monotonicMs + 49 * HOUR_MS };
    const old = { ...scheduled('0 3 * * *', 'UTC'), moments: { ...drilled.moments, disasterBegan: late } };
    expect(judgeFreshness(old)).toMatchObject([{ verdict: 'breached', sentence: expect.stringContaining('critical') }]);
  });

  it('is unproven when there is no recovery point, and not judged when the contract asks for none', () => {
    const none = { ...drilled, moments: { ...drilled.moments, captureBegan: null } };
    expect(judgeFreshness(none)).toMatchObject([{ verdict: 'unproven' }]);
    const early = { ...drilled, moments: { ...drilled.moments, disasterBegan: null } };
    expect(judgeFreshness(early)).toEqual([
      {
        name: 'freshness',
        verdict: 'unproven',
        cause: 'recovery-point-missing',
        sentence: 'No recovery point was found off-site, so its age cannot be judged.',
      },
    ]);
    const endless = { ...drilled, moments: { ...drilled.moments, durable: null } };
    expect(judgeFreshness(endless)).toMatchObject([{ verdict: 'unproven' }]);
    const { freshness: _, ...contract } = drilled.contract;
    expect(judgeFreshness({ ...drilled, contract })).toEqual([]);
  });
});
