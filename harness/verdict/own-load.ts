import type { ControlReading, DrillRecord, Finding, LateAttempt, RepeatedAttempts } from '../model/record.ts';
import { counted } from '../model/text.ts';
import { formatDuration } from '../model/units.ts';
import { rpoMsOf } from './finding.ts';

/**
 * The findings of a drill beside which its run built programs or started parts of the target. That slows a drill down: every measured time
 * is an upper bound. What is met stays met. What is not met stays so only where it would also come out so if everything that was measured
 * had taken no time at all. Otherwise nothing is shown, neither the breach nor that the promise is kept. Beside other drills alone, such a
 * finding keeps its verdict and says that they ran.
 * @param judge finds in a record what is to be found in it.
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

/** What no measured time could make better. */
const isSettled = ({ verdict }: Finding): boolean => verdict === 'met' || verdict === 'unproven';

/** Other drills slow this one down as well, but a run of several drills at once is what its author asked to be judged. */
const withNeighbours = (finding: Finding, concurrentDrills: number): Finding => ({
  ...finding,
  sentence: `${finding.sentence} Up to ${concurrentDrills} drills ran at once on this machine: \`--jobs 1\` times each of them alone.`,
});

/** Whether the verdict of a finding was taken back because of what ran beside the drill. */
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

/** The record as it would be if nothing that was measured had taken any time. What is budgeted, computed or promised stays. */
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
    // Under an RPO of zero every loss counts, however soon the disaster came.
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

/** After every cut-off: nothing was lost in the meantime. */
const LATE = Number.MAX_SAFE_INTEGER;

/** A control that was slow for less of an attempt's time does not explain why the attempt took too long. */
const EXPLAINING_SHARE = 0.5;

/**
 * Why the failed attempts do not show whether the platform or the machine was slow; undefined where they accuse the platform. Each
 * of them must be late, and during each of them a control must have answered slowly for half of the time. One that was refused, that
 * got another content, or that was late while every control was quick is the platform's.
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

/** The control that was slow long enough to explain why the attempt was late. */
function explainingControl({ tookMs, controls }: LateAttempt, budgetMs: number): ControlReading | undefined {
  const neededMs = Math.max(tookMs, budgetMs) * EXPLAINING_SHARE;
  return controls
    .filter(({ answers, slowMs }) => answers > 0 && slowMs > 0 && slowMs >= neededMs)
    .toSorted((one, other) => other.slowestMs - one.slowestMs)[0];
}
