import type { ControlReading, DrillRecord, Finding, LateAttempt, RepeatedAttempts } from '../model/record.ts';
import { counted } from '../model/text.ts';
import { formatDuration } from '../model/units.ts';
import { rpoMsOf } from './finding.ts';

/**
 * Returns the findings of a drill during which its run built programs or started parts of the target. That slows a drill down, so every
 * measured time is an upper bound. A met finding stays met. Another finding keeps its verdict only if it would be the same with all
 * measured times at zero. Otherwise it is `unproven`. If only other drills ran at the same time, such a finding keeps its verdict and
 * mentions them.
 * @param judge returns the findings of a record.
 */
export function withoutOwnLoad(record: DrillRecord, judge: (record: DrillRecord) => readonly Finding[]): Finding[] {
  const found = judge(record);
  const { beside = [], concurrentDrills } = record.environment;
  if (found.every(isSettled) || (beside.length === 0 && concurrentDrills === 1)) return [...found];
  const atOnce = judge(instantOf(record));
  return found.map((finding) => {
    if (isSettled(finding)) return finding;
    const same = atOnce.find(({ name }) => name === finding.name);
    if (same?.verdict === finding.verdict) return finding;
    return beside.length > 0 ? slowed(finding, beside) : withNeighbours(finding, concurrentDrills);
  });
}

/** True for a finding that shorter times would not change. */
const isSettled = ({ verdict }: Finding): boolean => verdict === 'met' || verdict === 'unproven';

/** Adds a note about other drills. They slow this one down as well, but the user chose to run several drills at once. */
const withNeighbours = (finding: Finding, concurrentDrills: number): Finding => ({
  ...finding,
  sentence: `${finding.sentence} Up to ${concurrentDrills} drills ran at once on this machine: \`--jobs 1\` times each of them alone.`,
});

/** Returns true if the verdict of a finding was withdrawn because of work that ran beside the drill. */
export const isSlowed = ({ cause, verdict }: Finding): boolean => cause === SLOWED && verdict === 'unproven';

const SLOWED = 'built-beside-the-drill';

function slowed({ name, sentence }: Finding, beside: readonly string[]): Finding {
  const why = `Meanwhile this run was ${beside.join(' and ')} on the same machine, which slows a drill down, so this time proves nothing.`;
  return {
    name,
    verdict: 'unproven',
    sentence: `${sentence} ${why} Run the drill again: the programs are in the cache now.`,
    cause: SLOWED,
  };
}

/** Returns the record with all measured times at zero. Budgets, computed values and promises stay. */
function instantOf(record: DrillRecord): DrillRecord {
  const { moments, replication, recoveryPoints } = record;
  const captured = recoveryPoints?.taken.at(-1)?.captureBegan ?? moments.captureBegan;
  return {
    ...record,
    phases: record.phases.map((phase) => ({ ...phase, measuredMs: 0 })),
    sizes: record.sizes.map((size) => ({ ...size, restoreMs: 0, backupMs: 0 })),
    moments: {
      ...moments,
      durable: moments.durable && moments.captureBegan,
      disasterBegan: moments.disasterBegan && (captured ?? moments.disasterBegan),
    },
    // Under an RPO of zero every loss counts, even if the disaster came at once.
    markers:
      rpoMsOf(record) === 0 ? record.markers : record.markers.map((lane) => ({ ...lane, lastBeforeLossMs: LATE })),
    ...(replication === undefined
      ? {}
      : {
          replication: {
            ...replication,
            lanes: replication.lanes.map((lane) => ({ ...lane, worstMs: 0, atDisasterMs: lane.atDisasterMs && 0 })),
          },
        }),
  };
}

/** A time after every cut-off, which means that nothing was lost. */
const LATE = Number.MAX_SAFE_INTEGER;

/** Share of an attempt's time for which a control must have been slow to explain a late attempt. */
const EXPLAINING_SHARE = 0.5;

/**
 * Returns why the failed attempts do not show whether the platform or the machine was slow; undefined if the platform is to blame. For an
 * excuse every failed attempt must be late, and a control must have answered slowly for half of its time. A refusal, wrong content, or a
 * late attempt while every control was quick is the platform's fault.
 */
export function busyMachine({ made, failed, late, budgetMs, lateAttempts }: RepeatedAttempts): string | undefined {
  if (late === 0 || late !== failed || lateAttempts.length === 0) return undefined;
  const explaining: ControlReading[] = [];
  for (const attempt of lateAttempts) {
    const control = explainingControl(attempt, budgetMs);
    if (control === undefined) return undefined;
    explaining.push(control);
  }
  const slowest = explaining.reduce((one, other) => (other.slowestMs > one.slowestMs ? other : one));
  return `${late} of ${counted(made, 'attempt')} got no answer within ${formatDuration(budgetMs)}, and meanwhile ${slowest.what} took up to ${formatDuration(slowest.slowestMs)}. The platform has no part in that`;
}

/** Returns the control that was slow for long enough to explain the late attempt. */
function explainingControl({ tookMs, controls }: LateAttempt, budgetMs: number): ControlReading | undefined {
  const neededMs = Math.max(tookMs, budgetMs) * EXPLAINING_SHARE;
  return controls
    .filter(({ answers, slowMs }) => answers > 0 && slowMs > 0 && slowMs >= neededMs)
    .toSorted((one, other) => other.slowestMs - one.slowestMs)[0];
}
