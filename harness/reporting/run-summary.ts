import type { DrillRecord, RunRecord, Verdict } from '../model/record.ts';

export type RunSummary = RunRecord['summary'];
export type ExitCode = RunSummary['exitCode'];

/** A drill without a judgement proved nothing. */
export function verdictOf(drill: DrillRecord): Verdict {
  return drill.judgement?.verdict ?? 'unproven';
}

/**
 * 0: everything is met or at risk. 1: something is breached. 2: nothing is breached, and something is unproven.
 * A run that did not come to its end, or had no drill at all, is 2 whatever its drills say.
 */
export function exitCodeOf(verdicts: readonly Verdict[], cameToItsEnd: boolean): ExitCode {
  if (!cameToItsEnd || verdicts.length === 0) return 2;
  if (verdicts.includes('breached')) return 1;
  return verdicts.includes('unproven') ? 2 : 0;
}

export function summarise(drills: readonly DrillRecord[], cameToItsEnd: boolean): RunSummary {
  const all = drills.map(verdictOf);
  const count = (verdict: Verdict) => all.filter((each) => each === verdict).length;
  return {
    drills: all.length,
    met: count('met'),
    atRisk: count('at-risk'),
    breached: count('breached'),
    unproven: count('unproven'),
    exitCode: exitCodeOf(all, cameToItsEnd),
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
