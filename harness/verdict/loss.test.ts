import { describe, expect, it } from 'vitest';
import type { DrillRecord, LaneOutcome } from '../model/record.ts';
import { judgeRpo, rpaOf } from './loss.ts';
import { losingLane, metRecord, wholeLane } from './testing/met-records.ts';

const withLanes = (...markers: LaneOutcome[]): DrillRecord =>
  metRecord((record) => {
    record.markers = markers;
  });

describe('the loss of a lane of which nothing from before came back', () => {
  it('is not known, also where another lane lost more and that is known', () => {
    const none = { ...losingLane, lastBeforeLossMs: null, firstAcknowledgedMs: 52_000 };
    const record = withLanes(losingLane, none);
    record.contract.rpoMs = 60_000;
    expect(judgeRpo(record)).toMatchObject({ verdict: 'unproven', cause: 'loss-unknown' });
  });
});

describe('RPA', () => {
  it('is the time since the last marker before the first lost one, of the worst lane', () => {
    expect(rpaOf(withLanes(wholeLane))).toEqual({ valueMs: 0, atLeast: false });
    const later = { ...losingLane, lastBeforeLossMs: 48_000 };
    expect(rpaOf(withLanes(wholeLane, losingLane, later))).toEqual({ valueMs: 9_000, atLeast: false });
    expect(rpaOf(withLanes(later, losingLane, wholeLane))).toEqual({ valueMs: 9_000, atLeast: false });
  });

  it('is more than the time since the first marker when none from before the loss came back', () => {
    const none = { ...losingLane, lastBeforeLossMs: null };
    expect(rpaOf(withLanes(none))).toEqual({ valueMs: 39_000, atLeast: true });
    expect(rpaOf(withLanes({ ...none, firstAcknowledgedMs: null }))).toEqual({ valueMs: 0, atLeast: true });
  });

  it('is more than the time of the worst lane where one of two equal lanes lost more', () => {
    const none = { ...losingLane, lastBeforeLossMs: null, firstAcknowledgedMs: 41_000 };
    expect(rpaOf(withLanes(losingLane, none))).toEqual({ valueMs: 9_000, atLeast: true });
    expect(rpaOf(withLanes(none, losingLane))).toEqual({ valueMs: 9_000, atLeast: true });
    const later = { ...none, firstAcknowledgedMs: 42_000 };
    expect(rpaOf(withLanes(losingLane, later))).toEqual({ valueMs: 9_000, atLeast: false });
  });

  it('is never less than nothing', () => {
    expect(rpaOf(withLanes({ ...losingLane, lastBeforeLossMs: 60_000 }))).toEqual({ valueMs: 0, atLeast: false });
  });

  it('is not known without a cut-off or a marker', () => {
    const silent = { ...wholeLane, acknowledged: 0 };
    expect(rpaOf(withLanes())).toBeNull();
    expect(rpaOf(withLanes(silent))).toBeNull();
    expect(rpaOf(withLanes(silent, losingLane))).toEqual({ valueMs: 9_000, atLeast: false });
    const endless = metRecord((record) => {
      record.moments.cutOff = null;
    });
    expect(rpaOf(endless)).toBeNull();
  });
});

describe('the RPO', () => {
  const judged = (rpoMs: number, ...lanes: LaneOutcome[]) => {
    const record = withLanes(...lanes);
    record.contract.rpoMs = rpoMs;
    return judgeRpo(record);
  };

  it('is kept by a loss below it, and at risk above 80 % of it', () => {
    expect(judged(11_250, wholeLane, losingLane)).toEqual({
      name: 'rpo',
      verdict: 'met',
      sentence: 'Promised to lose at most 11.3 s; lost 10 of 80 acknowledged markers, 9 s of writes.',
    });
    expect(judged(10_000, losingLane)).toMatchObject({
      verdict: 'at-risk',
      sentence: expect.stringContaining(
        'lost 10 of 40 acknowledged markers, 9 s of writes, above 80 % of the objective.',
      ),
    });
    expect(judged(8_000, losingLane)).toMatchObject({
      verdict: 'breached',
      sentence: expect.stringMatching(/, 1 s too much\.$/),
    });
  });

  it('of nothing is broken by one marker, however young it was', () => {
    expect(judged(0, wholeLane)).toMatchObject({ verdict: 'met' });
    const justNow = { ...losingLane, lost: 1, lastBeforeLossMs: 50_000 };
    expect(judged(0, justNow)).toMatchObject({
      verdict: 'breached',
      sentence: 'Promised to lose at most 0 s; lost 1 of 40 acknowledged markers, 0 s of writes.',
    });
  });

  it('R08: is not proved where nobody knows when the loss began, and broken where even that is too much', () => {
    const none = { ...losingLane, lastBeforeLossMs: null };
    expect(judged(39_000, none)).toEqual({
      name: 'rpo',
      verdict: 'unproven',
      cause: 'loss-unknown',
      sentence:
        'Promised to lose at most 39 s; lost 10 of 40 acknowledged markers, more than 39 s of writes. How much more is not known, because no marker from before the loss came back.',
    });
    expect(judged(38_999, none)).toMatchObject({ verdict: 'breached' });
    // A lane without loss has no such moment either.
    expect(judged(60_000, wholeLane, losingLane)).toMatchObject({ verdict: 'met' });
  });

  it('is not proved where a lane has no marker', () => {
    const silent = { ...wholeLane, lane: 'silent', acknowledged: 0 };
    expect(judged(60_000, wholeLane, silent)).toMatchObject({
      verdict: 'unproven',
      sentence: 'No marker was acknowledged by silent, so nothing says how much of it was lost.',
    });
    expect(judged(60_000)).toMatchObject({
      verdict: 'unproven',
      sentence: 'No marker was acknowledged before the disaster, so nothing says how much was lost.',
    });
  });

  it('is not proved by a drill that ended before its markers were read', () => {
    expect(judgeRpo({ ...withLanes(), comparison: null })).toMatchObject({
      verdict: 'unproven',
      sentence: 'The drill ended before the markers were read back, so nothing says how much was lost.',
    });
  });
});
