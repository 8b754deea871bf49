import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DrillRecord } from '../model/record.ts';
import { freshnessVerdict, judgeFreshness } from './freshness.ts';
import { judge } from './judge.ts';
import { metRecord } from './testing/met-records.ts';

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

describe('freshness of the newest recovery point', () => {
  it.each([
    [25 * HOUR_MS - 1, 'met'],
    [25 * HOUR_MS, 'at-risk'],
    [48 * HOUR_MS - 1, 'at-risk'],
    [48 * HOUR_MS, 'breached'],
  ])('is judged by its two levels: %i ms is %s', (ageMs, verdict) => {
    expect(freshnessVerdict(ageMs, levels)).toBe(verdict);
  });

  it('gets no better with age', () => {
    const severity = ['met', 'at-risk', 'breached'];
    fc.assert(
      fc.property(fc.nat(200 * HOUR_MS), fc.nat(200 * HOUR_MS), (one, other) => {
        const [young, old] = [Math.min(one, other), Math.max(one, other)].map((ageMs) =>
          severity.indexOf(freshnessVerdict(ageMs, levels)),
        );
        expect(young).toBeLessThanOrEqual(old ?? -1);
      }),
    );
  });

  it.each([
    ['0 3 * * *', 'UTC', 'met'],
    // On the night on which clocks go back, 25 h pass between two runs, and the upload comes on top.
    ['0 4 * * *', 'Europe/Berlin', 'at-risk'],
    // On the night on which clocks go forward, 02:30 does not come.
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
