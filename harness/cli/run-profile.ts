import type { Activities, Activity, ActivityKind } from '../base/activities.ts';
import type { DrillRecord } from '../model/record.ts';
import type { RunRecord } from '../model/run-record.ts';

export const CONTRACTS_LOADED = 'contracts loaded';
export const TOOLCHAIN = 'toolchain';
export const TARGET_STARTED = 'target started';
const POSTURE = 'posture';
export const DRILLS = 'drills';
export const TARGET_STOPPED = 'target stopped';

/** In the order of a run. */
const STAGES: readonly (readonly [kind: ActivityKind, name: string])[] = [
  ['loading', CONTRACTS_LOADED],
  ['obtaining', TOOLCHAIN],
  ['starting', TARGET_STARTED],
  ['checking', POSTURE],
  ['drilling', DRILLS],
  ['stopping', TARGET_STOPPED],
];

type Stage = RunRecord['stages'][number];
type Profile = NonNullable<RunRecord['profile']>;

/**
 * Returns the time that the run spent in each of its stages. Stages overlap where programs are built during drills. Concurrent activities
 * within a stage count once.
 */
export const stagesOf = ({ all }: Activities): Stage[] =>
  STAGES.flatMap(([kind, name]) => {
    const ended = all.filter((activity) => activity.kind === kind && activity.endedMs !== undefined);
    return ended.length === 0 ? [] : [{ name, durationMs: Math.round(busyMs(ended)) }];
  });

/** Returns the time in which at least one of them ran. */
function busyMs(activities: readonly Activity[]): number {
  let busy = 0;
  let countedUntilMs = Number.NEGATIVE_INFINITY;
  for (const { beganMs, endedMs = beganMs } of activities.toSorted((one, other) => one.beganMs - other.beganMs)) {
    busy += Math.max(0, endedMs - Math.max(beganMs, countedUntilMs));
    countedUntilMs = Math.max(countedUntilMs, endedMs);
  }
  return busy;
}

/** Returns the run's activities with their times, in milliseconds since its start. */
export function profileOf({ all }: Activities, drills: readonly DrillRecord[], beganMs: number): Profile {
  const of = (kind: ActivityKind) => all.filter((activity) => activity.kind === kind);
  const span = ({ what, beganMs: fromMs, endedMs, failed }: Activity): Profile['starting'][number] => ({
    what,
    beganMs: Math.max(0, Math.round(fromMs - beganMs)),
    durationMs: Math.round((endedMs ?? fromMs) - fromMs),
    ...(failed ? { failed } : {}),
  });
  return {
    obtaining: of('obtaining')
      // The preceding search adds no information where it was built.
      .filter(({ source }) => source !== 'missing')
      .map((activity) => ({
        ...span(activity),
        ...(activity.source === undefined ? {} : { source: activity.source }),
      })),
    starting: of('starting').map(span),
    checking: of('checking').map(span),
    drilling: of('drilling').map((activity) => {
      const drill = drills.find(({ contract, disaster }) => `${contract.name}/${disaster.name}` === activity.what);
      const stages = (drill?.stages ?? []).map(({ name, durationMs }) => ({
        name,
        durationMs: Math.round(durationMs),
      }));
      return { ...span(activity), stages };
    }),
    stopping: of('stopping').map(span),
  };
}
