import type { Cause } from '../model/causes.ts';
import type { Schedule } from '../model/contract.ts';
import { summaryOf } from '../model/errors.ts';
import type { DrillRecord, Finding } from '../model/record.ts';
import { formatDuration } from '../model/units.ts';
import { findingOf } from './finding.ts';
import { longestGapMs } from './schedule-gap.ts';
import { excess, rpoMsOf, verdictOn } from './thresholds.ts';

/**
 * Exposure: the longest gap of the schedule plus capture and upload; where a copy is restored from, the longest gap of the copy's
 * schedule as well: a backup that has just missed one waits for the next. The worst lag that was observed of a live replica; 0 under
 * continuous protection. Null when a part of it is not known.
 */
export function exposureOf(record: DrillRecord): number | null {
  const { schedule } = record.contract;
  if (schedule === 'continuous') return 0;
  if (schedule === 'mirror') return worstLagOf(record)?.lagMs ?? null;
  const gapMs = gapOf(schedule, record);
  const takesMs = captureAndUploadMsOf(record);
  return typeof gapMs === 'number' && takesMs !== null ? gapMs + takesMs : null;
}

/** The longest gap of all schedules that count, or why one of them cannot be read. */
function gapOf(schedule: Schedule, { moments, recoveryPoint }: DrillRecord): number | string {
  const from = new Date(moments.began.utc);
  const copiedOn = recoveryPoint?.copiedOn;
  try {
    return longestGapMs(schedule, from) + (copiedOn === undefined ? 0 : longestGapMs(copiedOn, from));
  } catch (error) {
    return summaryOf(error);
  }
}

function captureAndUploadMsOf({ moments: { captureBegan, durable } }: DrillRecord): number | null {
  return captureBegan === null || durable === null ? null : durable.monotonicMs - captureBegan.monotonicMs;
}

interface Lag {
  readonly lagMs: number;
  readonly positions: number;
  readonly looks: number;
}

function worstLagOf({ replication }: DrillRecord): Lag | undefined {
  if (replication === undefined || replication.looks === 0 || replication.lanes.length === 0) return undefined;
  const { lanes, looks } = replication;
  return {
    lagMs: Math.max(...lanes.map((lane) => Math.max(lane.worstMs, lane.atDisasterMs ?? 0))),
    positions: Math.max(...lanes.map((lane) => lane.worstPositions)),
    looks,
  };
}

export function judgeExposure(record: DrillRecord): Finding {
  const { schedule } = record.contract;
  if (schedule === 'mirror') return judgeLag(record);
  if (schedule === 'continuous') {
    return finding('met', 'Every acknowledged write is its own recovery point; no schedule leaves a gap.');
  }
  const rpoMs = rpoMsOf(record);
  const gapMs = gapOf(schedule, record);
  if (typeof gapMs === 'string')
    return finding('unproven', `Nothing says how much may be lost: ${gapMs}`, 'exposure-unknown');
  const takesMs = captureAndUploadMsOf(record);
  const copiedOn = record.recoveryPoint?.copiedOn;
  const copied = copiedOn === undefined ? '' : `, copied on by "${copiedOn.cron}" (${copiedOn.timeZone}),`;
  const promised = `Promised to lose at most ${formatDuration(rpoMs)}; the schedule "${schedule.cron}" (${schedule.timeZone})${copied}`;
  if (takesMs === null) {
    const verdict = gapMs > rpoMs ? 'breached' : 'unproven';
    const unknown = 'How long those take is not known, because no backup was completed';
    return finding(
      verdict,
      `${promised} permits losing ${formatDuration(gapMs)} before capture and upload${excess(gapMs, rpoMs)}. ${unknown}.`,
      verdict === 'breached' ? 'exposure-above-rpo' : 'capture-time-unknown',
    );
  }
  const exposureMs = gapMs + takesMs;
  const verdict = verdictOn(exposureMs, rpoMs);
  const advice = verdict === 'breached' ? ' Back up more often, or promise less.' : '';
  return finding(
    verdict,
    `${promised} with its capture and upload permits losing ${formatDuration(exposureMs)}${excess(exposureMs, rpoMs)}.${advice}`,
    'exposure-above-rpo',
  );
}

/** A mirror has no schedule: what it may lose is how far it was seen to be behind. */
function judgeLag(record: DrillRecord): Finding {
  const rpoMs = rpoMsOf(record);
  const lag = worstLagOf(record);
  if (lag === undefined) {
    return finding(
      'unproven',
      'The mirror was not looked at, so nothing says how far it was behind and how much a disaster may lose.',
      'not-looked-at',
    );
  }
  const { lagMs, positions, looks } = lag;
  return finding(
    verdictOn(lagMs, rpoMs),
    `Promised to lose at most ${formatDuration(rpoMs)}; the mirror was at most ${positions} messages and ${formatDuration(lagMs)} behind in ${looks} looks${excess(lagMs, rpoMs)}.`,
    'replica-behind',
  );
}

const finding = (verdict: Finding['verdict'], sentence: string, cause?: Cause): Finding =>
  findingOf('exposure', verdict, sentence, cause);
