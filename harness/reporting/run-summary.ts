import type { PostureRecord, PostureVerdict } from '../model/posture.ts';
import type { DrillRecord, RunRecord, Verdict } from '../model/record.ts';

export type RunSummary = RunRecord['summary'];
export type ExitCode = RunSummary['exitCode'];

/** A drill without a judgement proved nothing. */
export function verdictOf(drill: DrillRecord): Verdict {
  return drill.judgement?.verdict ?? 'unproven';
}

/**
 * 0: everything is met or at risk. 1: something is breached. 2: nothing is breached, and something is unproven, was not run although it had
 * to be, or was not cleaned up.
 * A run that did not come to its end, or had neither drill nor posture check, is 2 whatever its drills say.
 */
export function exitCodeOf(verdicts: readonly Verdict[], cameToItsEnd: boolean): ExitCode {
  if (!cameToItsEnd || verdicts.length === 0) return 2;
  if (verdicts.includes('breached')) return 1;
  return verdicts.includes('unproven') ? 2 : 0;
}

/** What a run was meant to prove and did not, beside its drills: each counts as unproven. */
type Unproved = Pick<RunRecord, 'leftOut' | 'mistakes'>;

export const unprovedIn = ({ leftOut = [], mistakes = [] }: Unproved): readonly Verdict[] =>
  [...leftOut.filter(({ failsRun }) => failsRun), ...mistakes].map(() => 'unproven');

/** A drill that left something behind may harm the next one, or the platform: its run is not clean. */
export const cleanupsFailed = (drills: readonly DrillRecord[]): readonly Verdict[] =>
  drills.filter(({ cleanup }) => cleanup.some(({ outcome }) => outcome === 'failed')).map(() => 'unproven');

export function summarise(
  drills: readonly DrillRecord[],
  cameToItsEnd: boolean,
  postures: readonly PostureRecord[] = [],
  unproved: Unproved = {},
): RunSummary {
  const all = drills.map(verdictOf);
  const checks = postures.flatMap((posture) => posture.checks.map(({ verdict }) => verdict));
  const count = (verdict: Verdict) => all.filter((each) => each === verdict).length;
  return {
    drills: all.length,
    met: count('met'),
    atRisk: count('at-risk'),
    breached: count('breached'),
    unproven: count('unproven'),
    ...(checks.length === 0 ? {} : { postureChecks: countChecks(checks) }),
    exitCode: exitCodeOf([...all, ...checks, ...unprovedIn(unproved), ...cleanupsFailed(drills)], cameToItsEnd),
  };
}

function countChecks(verdicts: readonly PostureVerdict[]): NonNullable<RunSummary['postureChecks']> {
  const count = (verdict: PostureVerdict) => verdicts.filter((each) => each === verdict).length;
  return {
    checked: verdicts.length,
    met: count('met'),
    ...(verdicts.includes('at-risk') ? { atRisk: count('at-risk') } : {}),
    breached: count('breached'),
    unproven: count('unproven'),
  };
}

/** How long the whole drill took on the monotonic clock; the sum of its stages while it has no end. */
export function drillDurationMs(drill: DrillRecord): number {
  const { began, ended } = drill.moments;
  if (ended !== null) return Math.max(0, ended.monotonicMs - began.monotonicMs);
  return drill.stages.reduce((sum, stage) => sum + stage.durationMs, 0);
}

export function drillLabel(drill: DrillRecord): string {
  return `${drill.contract.name}/${drill.disaster.name}`;
}
