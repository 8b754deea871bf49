import type { RunPolicy, Schedule } from '../model/schedule.ts';
import { formatDuration } from '../model/units.ts';
import { firingsOf } from './firings.ts';
import { longestGapMs } from './schedule-gap.ts';

/** What a schedule permits to be lost once its runs take time, by analysis: no single run shows it. */
export interface RunAnalysis {
  /** The longest time between two firings. */
  readonly gapMs: number;
  /** The longest time from the beginning of one completed capture until the next one is durable; null when none is ever completed. */
  readonly exposureMs: number | null;
  /** Why no run is ever completed, with the field that says so; the reason that comes first. Empty where runs are completed. */
  readonly problems: readonly RunProblem[];
  /** How it comes about, where the runs and not only the schedule decide. */
  readonly because?: string;
  /** Why that cannot be relied on. */
  readonly doubt?: string;
  /** What a reader should know beside it. */
  readonly notes: readonly string[];
}

export interface RunProblem {
  readonly cause: RunCause;
  readonly text: string;
}
type RunCause = 'run-ended-by-deadline' | 'run-replaced-before-its-end';

/** Kubernetes warns that a CronJob may not start with a shorter deadline, because its controller looks every ten seconds. */
const SHORTEST_START_DEADLINE_MS = 10_000;

/**
 * How runs that take so long, the policy of their scheduler and the schedule go together.
 * @throws {ExplainedError} for a schedule that cannot be read, or that never fires.
 */
export function analyseRuns(schedule: Schedule, takesMs: number, from: Date): RunAnalysis {
  const gapMs = longestGapMs(schedule, from);
  const policy = policyOf(schedule);
  const taking = formatDuration(takesMs);
  const betweenMs = betweenCompletedMs(schedule, policy, takesMs, gapMs, from);
  const doubt = doubtOf(policy);
  const problems = [...(betweenMs === undefined ? [replaced(taking, gapMs)] : []), ...endedByDeadline(policy, takesMs)];
  if (betweenMs === undefined || problems.length > 0) {
    return { gapMs, exposureMs: null, problems, notes: doubt === undefined ? [] : [doubt] };
  }
  const because = betweenMs > gapMs ? becauseOf(policy, taking, betweenMs) : undefined;
  return {
    gapMs,
    exposureMs: betweenMs + takesMs,
    problems,
    notes: notesOf(policy, takesMs, gapMs),
    ...(because === undefined ? {} : { because }),
    ...(doubt === undefined ? {} : { doubt }),
  };
}

const replaced = (taking: string, gapMs: number): RunProblem => ({
  cause: 'run-replaced-before-its-end',
  text: `each run takes ${taking}, and is replaced before it ends, after ${formatDuration(gapMs)} at the latest (spec.concurrencyPolicy: Replace). Set it to Forbid, or run it less often`,
});

function endedByDeadline(
  { deadlineMs, deadlineField = 'activeDeadlineSeconds' }: RunPolicy,
  takesMs: number,
): RunProblem[] {
  if (deadlineMs === undefined || (deadlineMs >= takesMs && deadlineMs > 0)) return [];
  const takes = takesMs === 0 ? 'no run takes less' : `a run takes ${formatDuration(takesMs)}`;
  return [
    {
      cause: 'run-ended-by-deadline',
      text: `each run is ended after ${formatDuration(deadlineMs)} (${deadlineField}: ${deadlineMs / 1_000}), and ${takes}. Raise the deadline above what a run takes`,
    },
  ];
}

/** A crontab starts a run whatever still runs; a systemd timer does not start a service that still runs. */
function policyOf({ runs, scheduler }: Schedule): RunPolicy {
  return runs ?? { concurrency: scheduler === 'systemd' ? 'Skip' : 'Allow' };
}

/**
 * The longest time between the beginnings of two completed runs that take so long at most; undefined when none is completed.
 * The rules are those of Kubernetes' CronJob controller, and of systemd for a service that still runs when its timer elapses.
 */
function betweenCompletedMs(
  schedule: Schedule,
  { concurrency, startDeadlineMs }: RunPolicy,
  takesMs: number,
  gapMs: number,
  from: Date,
): number | undefined {
  if (takesMs === 0) return gapMs;
  switch (concurrency) {
    case 'Allow':
      return gapMs;
    case 'Forbid':
      // The run that was due meanwhile begins when the one before ends; with a deadline for its start, only while that has not passed.
      return startDeadlineMs === undefined || startDeadlineMs >= takesMs
        ? Math.max(gapMs, takesMs)
        : betweenStartsMs(firingsOf(schedule, from), { takesMs, gapMs, startDeadlineMs });
    case 'Skip':
      return betweenStartsMs(firingsOf(schedule, from), { takesMs, gapMs, startDeadlineMs: 0 });
    case 'Replace':
      return gapMs < takesMs ? undefined : betweenSurvivingMs(firingsOf(schedule, from), takesMs, gapMs);
  }
}

/**
 * The longest time between two starts, where a firing during a run starts nothing, or starts a run when that one ends if this is
 * not later than the deadline. A shorter run never makes it longer, so each firing may be the start of a run that takes the most.
 */
function betweenStartsMs(
  firings: readonly number[],
  { takesMs, gapMs, startDeadlineMs }: { takesMs: number; gapMs: number; startDeadlineMs: number },
): number {
  let longestMs = gapMs;
  let following = 0;
  for (const startMs of firings) {
    const endMs = startMs + takesMs;
    // A firing at the very end of a run may still find it.
    while ((firings[following] ?? Number.POSITIVE_INFINITY) <= endMs) following += 1;
    const nextMs = firings[following];
    // The schedule goes on after the firings that were looked at.
    if (nextMs === undefined) break;
    const dueMs = firings[following - 1] ?? startMs;
    // The firing that started the run is not due again.
    const isLateStart = dueMs > startMs && endMs - dueMs <= startDeadlineMs;
    longestMs = Math.max(longestMs, (isLateStart ? endMs : nextMs) - startMs);
    // A run that itself started late ends later, perhaps just after the deadline of the firing that was due.
    if (isLateStart) longestMs = Math.max(longestMs, takesMs + nextMs - dueMs - startDeadlineMs);
  }
  return longestMs;
}

/** The longest time between two firings after which so much time passes that a run ends before it is replaced. */
function betweenSurvivingMs(firings: readonly number[], takesMs: number, gapMs: number): number | undefined {
  const surviving = firings.filter((atMs, index) => (firings[index + 1] ?? atMs) - atMs >= takesMs);
  if (surviving.length === 0) return undefined;
  return surviving.reduce((longest, atMs, index) => Math.max(longest, atMs - (surviving[index - 1] ?? atMs)), gapMs);
}

function becauseOf({ concurrency }: RunPolicy, taking: string, betweenMs: number): string {
  const between = formatDuration(betweenMs);
  switch (concurrency) {
    case 'Forbid':
      return `a run takes ${taking} and the next one waits for its end (concurrencyPolicy: Forbid), so that ${between} pass between two captures`;
    case 'Replace':
      return `a run that takes ${taking} is replaced where the next one follows sooner (concurrencyPolicy: Replace), so that ${between} pass between two that end`;
    case 'Skip':
      return `a run takes ${taking} and those that are due meanwhile are left out, so that ${between} pass between two captures`;
    case 'Allow':
      return '';
  }
}

function doubtOf({ startDeadlineMs }: RunPolicy): string | undefined {
  if (startDeadlineMs === undefined || startDeadlineMs >= SHORTEST_START_DEADLINE_MS) return undefined;
  return `startingDeadlineSeconds: ${startDeadlineMs / 1_000} is below 10, and Kubernetes may leave out any start with such a deadline. Raise it, or remove it`;
}

function notesOf({ concurrency, retries }: RunPolicy, takesMs: number, gapMs: number): readonly string[] {
  const atOnce = Math.ceil(takesMs / gapMs);
  return [
    ...(concurrency === 'Allow' && atOnce > 1 ? [`up to ${atOnce} runs are under way at once`] : []),
    ...(retries === 0 ? ['a run that fails is not tried again (backoffLimit: 0)'] : []),
  ];
}
