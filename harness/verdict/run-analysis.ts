import type { RunPolicy, Schedule } from '../model/schedule.ts';
import { formatDuration } from '../model/units.ts';
import { firingsOf } from './firings.ts';
import { longestGapMs } from './schedule-gap.ts';

/** Loss that a schedule permits when its runs take time. It is the result of an analysis; no single run shows it. */
export interface RunAnalysis {
  /** The longest time between two firings. */
  readonly gapMs: number;
  /** The longest time from the start of one completed capture until the next one is durable; null when none is ever completed. */
  readonly exposureMs: number | null;
  /** Reasons why no run is ever completed, with the field that causes it, the earliest reason first. Empty if runs are completed. */
  readonly problems: readonly RunProblem[];
  /** Explanation, if the runs and not only the schedule decide the exposure. */
  readonly because?: string;
  /** Why the result is not reliable. */
  readonly doubt?: string;
  /** Further notes for a reader. */
  readonly notes: readonly string[];
}

export interface RunProblem {
  readonly cause: RunCause;
  readonly text: string;
}
type RunCause = 'run-ended-by-deadline' | 'run-replaced-before-its-end';

/**
 * Shortest reliable start deadline. Kubernetes warns that a CronJob with a shorter one may not start, because its controller checks every
 * ten seconds.
 */
const SHORTEST_START_DEADLINE_MS = 10_000;

/**
 * Analyses a schedule for runs of this duration under the policy of their scheduler.
 * @throws {ExplainedError} for an unreadable schedule, or one that never fires.
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

/** Returns the run policy. A crontab starts a run even while others run; a systemd timer does not start a service that still runs. */
function policyOf({ runs, scheduler }: Schedule): RunPolicy {
  return runs ?? { concurrency: scheduler === 'systemd' ? 'Skip' : 'Allow' };
}

/**
 * Returns the longest time between the starts of two completed runs of at most this duration; undefined when none is completed. It follows
 * the rules of Kubernetes' CronJob controller, and of systemd for a service that still runs when its timer elapses.
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
      // A run that became due meanwhile starts when the previous one ends. With a start deadline, it starts only before that deadline.
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
 * Returns the longest time between two starts. A firing during a run starts a new run at the end of that run if its deadline has not
 * passed; otherwise it starts nothing. Shorter runs never increase the result, so each firing is treated as the start of a run of the
 * longest duration.
 */
function betweenStartsMs(
  firings: readonly number[],
  { takesMs, gapMs, startDeadlineMs }: { takesMs: number; gapMs: number; startDeadlineMs: number },
): number {
  let longestMs = gapMs;
  let following = 0;
  for (const startMs of firings) {
    const endMs = startMs + takesMs;
    // A firing at the exact end of a run may still meet the run.
    while ((firings[following] ?? Number.POSITIVE_INFINITY) <= endMs) following += 1;
    const nextMs = firings[following];
    // The schedule continues after the listed firings.
    if (nextMs === undefined) break;
    const dueMs = firings[following - 1] ?? startMs;
    // The firing that started the run is not due again.
    const isLateStart = dueMs > startMs && endMs - dueMs <= startDeadlineMs;
    longestMs = Math.max(longestMs, (isLateStart ? endMs : nextMs) - startMs);
    // A run that itself started late also ends later, perhaps just after the deadline of the due firing.
    if (isLateStart) longestMs = Math.max(longestMs, takesMs + nextMs - dueMs - startDeadlineMs);
  }
  return longestMs;
}

/** Returns the longest time between two firings whose runs end before they are replaced. */
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
