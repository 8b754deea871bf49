import { type Cause, isCause } from '../model/causes.ts';
import type { FreshnessLevels } from '../model/contract.ts';
import { causeGivenBy, summaryOf } from '../model/errors.ts';
import type { DrillRecord, Finding, Verdict } from '../model/record.ts';
import type { Schedule } from '../model/schedule.ts';
import { counted } from '../model/text.ts';
import { formatDuration } from '../model/units.ts';
import { excess, findingOf, rpoMsOf, verdictOn } from './finding.ts';
import { analyseRuns, type RunProblem } from './run-analysis.ts';
import { longestGapMs, reasonOf } from './schedule-gap.ts';

/**
 * Returns the exposure: the longest gap of the schedule plus capture and upload. For a restore from a copy it adds the longest gap of the
 * copy's schedule, because a backup that has just missed one copy waits for the next. If runs wait for or replace one another, it uses the
 * time between two completed runs. For a live replica it is the worst observed lag; under continuous protection it is 0. Null when a part
 * of it is unknown, or no backup is ever completed.
 */
export function exposureOf(record: DrillRecord): number | null {
  const { schedule } = record.contract;
  if (schedule === 'continuous') return 0;
  if (schedule === 'mirror') return worstLagOf(record)?.lagMs ?? null;
  const takesMs = captureAndUploadMsOf(record);
  if (takesMs === null) return null;
  const permitted = permittedBy(schedule, record, takesMs);
  return 'refusal' in permitted ? null : permitted.exposureMs;
}

interface Refusal {
  readonly verdict: 'breached' | 'unproven';
  readonly sentence: string;
  readonly cause: Cause;
}

interface Permitted {
  readonly gapMs: number;
  readonly exposureMs: number;
  readonly because: string | undefined;
  readonly doubt: string | undefined;
  readonly notes: readonly string[];
}

/** Returns the loss that the relevant schedules permit, or why they protect nothing. */
function permittedBy(
  schedule: Schedule,
  { moments, recoveryPoint }: DrillRecord,
  takesMs: number,
): Permitted | { readonly refusal: Refusal } {
  const from = new Date(moments.began.utc);
  const copiedOn = recoveryPoint?.copiedOn;
  const idle = copiedOn === undefined ? idleOf(schedule) : (idleOf(schedule) ?? idleOf(copiedOn));
  if (idle !== undefined) return { refusal: idle };
  let current = schedule;
  try {
    const { gapMs, exposureMs, problems, because, doubt, notes } = analyseRuns(schedule, takesMs, from);
    const [problem] = problems;
    if (exposureMs === null || problem !== undefined) return { refusal: neverCompleted(schedule, problem, notes) };
    if (copiedOn !== undefined) current = copiedOn;
    const copyGapMs = copiedOn === undefined ? 0 : longestGapMs(copiedOn, from);
    return { gapMs: gapMs + copyGapMs, exposureMs: exposureMs + copyGapMs, because, doubt, notes };
  } catch (error) {
    return { refusal: unreadable(current, error) };
  }
}

function idleOf({ heldBy, idle, unread }: Schedule): Refusal | undefined {
  if (unread === true) {
    const sentence = `The schedule${heldBy === undefined ? '' : ` of ${heldBy}`} was not read, so nothing says how much may be lost.`;
    return { verdict: 'unproven', sentence, cause: 'exposure-unknown' };
  }
  if (idle === undefined) return undefined;
  const sentence = `No backup is ever taken, so everything may be lost: ${heldBy ?? 'the schedule'}: ${idle.reason}. Correct the field.`;
  return { verdict: 'breached', sentence, cause: isCause(idle.cause) ? idle.cause : 'schedule-takes-no-backup' };
}

/**
 * Returns the finding for an unreadable schedule. In an object of the platform it is a breach. For any other schedule it is unknown which
 * program runs it.
 */
function unreadable({ heldBy }: Schedule, error: unknown): Refusal {
  const reason = summaryOf(error);
  if (heldBy === undefined || causeGivenBy(error) === 'exposure-unknown') {
    return { verdict: 'unproven', sentence: `Nothing says how much may be lost: ${reason}`, cause: 'exposure-unknown' };
  }
  const sentence = `No backup is ever taken, so everything may be lost: ${heldBy}: ${reasonOf(error)}. Correct the field.`;
  return { verdict: 'breached', sentence, cause: causeGivenBy(error) ?? 'schedule-rejected' };
}

function neverCompleted({ heldBy }: Schedule, problem: RunProblem | undefined, notes: readonly string[]): Refusal {
  const reasons = [problem?.text ?? 'no run ends', ...notes].join('. Also, ');
  const sentence = `No backup is ever completed, so everything may be lost: ${heldBy === undefined ? '' : `${heldBy}: `}${reasons}.`;
  return { verdict: 'breached', sentence, cause: problem?.cause ?? 'schedule-takes-no-backup' };
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
  return { ...judgeScheduled(record, schedule), basis: 'analysis' };
}

/**
 * Returns why the schedule leaves no recovery point, ever or at times. It counts even without a promise about exposure, because nothing can
 * be restored without a backup. Undefined if there is always a recovery point, or this is unknown.
 */
export function withoutRecoveryPoint(record: DrillRecord): Pick<Finding, 'sentence' | 'cause'> | undefined {
  const { schedule } = record.contract;
  if (typeof schedule === 'string') return undefined;
  const permitted = permittedBy(schedule, record, captureAndUploadMsOf(record) ?? 0);
  if ('refusal' in permitted) return permitted.refusal.verdict === 'breached' ? permitted.refusal : undefined;
  const { keptMs } = schedule;
  if (keptMs === undefined || keptMs >= permitted.exposureMs) return undefined;
  return expiresTooEarly(schedule, keptMs, permitted.exposureMs);
}

function judgeScheduled(record: DrillRecord, schedule: Schedule): Finding {
  const rpoMs = rpoMsOf(record);
  const takesMs = captureAndUploadMsOf(record);
  const permitted = permittedBy(schedule, record, takesMs ?? 0);
  if ('refusal' in permitted) {
    const { verdict, sentence, cause } = permitted.refusal;
    return finding(verdict, sentence, cause);
  }
  const { gapMs, exposureMs, because, doubt, notes } = permitted;
  const copiedOn = record.recoveryPoint?.copiedOn;
  const copied = copiedOn === undefined ? '' : `, copied on by "${copiedOn.cron}" (${copiedOn.timeZone}),`;
  const by = schedule.scheduler === undefined ? '' : `, ${schedule.scheduler}`;
  const promised = `Promised to lose at most ${formatDuration(rpoMs)}; the schedule "${schedule.cron}" (${schedule.timeZone}${by})${copied}`;
  if (takesMs === null) {
    const verdict = gapMs > rpoMs ? 'breached' : 'unproven';
    const unknown = 'How long those take is not known, because no backup was completed';
    return finding(
      verdict,
      `${promised} permits losing ${formatDuration(gapMs)} before capture and upload${excess(gapMs, rpoMs)}. ${unknown}.`,
      verdict === 'breached' ? 'exposure-above-rpo' : 'capture-time-unknown',
    );
  }
  const { keptMs } = schedule;
  if (keptMs !== undefined && keptMs < exposureMs) return expiresTooEarly(schedule, keptMs, exposureMs);
  const verdict = verdictOn(exposureMs, rpoMs);
  const reason = because === undefined ? '' : `: ${because}`;
  const permits = `${promised} with its capture and upload permits losing ${formatDuration(exposureMs)}${excess(exposureMs, rpoMs)}${reason}.`;
  if (verdict === 'breached') {
    return finding(verdict, `${permits} Back up more often, or promise less.`, 'exposure-above-rpo');
  }
  // One missed start doubles the gap.
  if (doubt !== undefined && exposureMs + gapMs > rpoMs) {
    return finding('unproven', `${permits} But ${doubt}.`, 'start-deadline-too-short');
  }
  const also = [...notes, ...(doubt === undefined ? [] : [doubt])].map((note) => ` Note: ${note}.`).join('');
  return finding(verdict, `${permits}${also}`, undefined);
}

/** Returns the finding for a recovery point that expires before the next one can be restored. */
function expiresTooEarly({ heldBy = 'The schedule', cron }: Schedule, keptMs: number, exposureMs: number): Finding {
  return finding(
    'breached',
    `${heldBy} keeps a recovery point for ${formatDuration(keptMs)}, but up to ${formatDuration(exposureMs)} can pass until "${cron}" has made the next one: at times there is none at all. Keep them longer.`,
    'no-recovery-point-at-times',
  );
}

/** Judges the observed lag of a mirror, which has no schedule. */
function judgeLag(record: DrillRecord): Finding {
  const rpoMs = rpoMsOf(record);
  const lag = worstLagOf(record);
  if (lag === undefined) {
    return finding(
      'unproven',
      'The lag of the mirror was not measured, so nothing says how much a disaster may lose.',
      'not-looked-at',
    );
  }
  const { lagMs, positions, looks } = lag;
  return finding(
    verdictOn(lagMs, rpoMs),
    `Promised to lose at most ${formatDuration(rpoMs)}; the mirror was at most ${counted(positions, 'message')} and ${formatDuration(lagMs)} behind in ${counted(looks, 'measurement')}${excess(lagMs, rpoMs)}.`,
    'replica-behind',
  );
}

const finding = (verdict: Finding['verdict'], sentence: string, cause?: Cause): Finding =>
  findingOf('exposure', verdict, sentence, cause);

/** Judges an age: below `belowMs` the level is met, from `criticalMs` on it is broken, and in between it is at risk. */
function freshnessVerdict(ageMs: number, levels: FreshnessLevels): Verdict {
  if (ageMs < levels.belowMs) return 'met';
  return ageMs < levels.criticalMs ? 'at-risk' : 'breached';
}

/**
 * Returns the higher of two ages of the newest recovery point: at the disaster, and just before the next one is durable. The second is the
 * longest gap plus capture and upload. Ages count from the start of the capture, because it does not hold later writes. Null when one of
 * them is unknown.
 */
export function newestAgeMsOf(record: DrillRecord): number | null {
  const atDisasterMs = ageAtDisasterMsOf(record);
  const oldestMs = exposureOf(record);
  return atDisasterMs === null || oldestMs === null ? null : Math.max(atDisasterMs, oldestMs);
}

function ageAtDisasterMsOf({ moments, recoveryPoints }: DrillRecord): number | null {
  const { disasterBegan } = moments;
  const captureBegan = recoveryPoints?.taken.at(-1)?.captureBegan ?? moments.captureBegan;
  return captureBegan === null || disasterBegan === null ? null : disasterBegan.monotonicMs - captureBegan.monotonicMs;
}

/** Returns one finding if the contract promises an age; none otherwise. */
export function judgeFreshness(record: DrillRecord): Finding[] {
  const { freshness: levels, schedule } = record.contract;
  if (levels === undefined) return [];
  const ageMs = ageAtDisasterMsOf(record) ?? 0;
  const worstMs = newestAgeMsOf(record);
  if (worstMs === null) {
    return [
      ageAtDisasterMsOf(record) === null
        ? findingOf(
            'freshness',
            'unproven',
            'No recovery point was found off-site, so its age cannot be judged.',
            'recovery-point-missing',
          )
        : findingOf(
            'freshness',
            'unproven',
            'The age that the newest recovery point can reach under the schedule is unknown: see the exposure.',
            'exposure-unknown',
          ),
    ];
  }
  const verdict = freshnessVerdict(worstMs, levels);
  const bySchedule =
    typeof schedule === 'string'
      ? ''
      : `, and the schedule "${schedule.cron}" (${schedule.timeZone}) lets it become ${formatDuration(exposureOf(record) ?? 0)} old`;
  const critical = verdict === 'breached' ? `, which is critical (${formatDuration(levels.criticalMs)})` : '';
  const sentence = `Promised a newest recovery point younger than ${formatDuration(levels.belowMs)}; it was ${formatDuration(ageMs)} old at the disaster${bySchedule}${critical}.`;
  return [findingOf('freshness', verdict, sentence, 'recovery-point-too-old')];
}
