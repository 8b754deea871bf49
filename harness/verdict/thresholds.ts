import type { DrillRecord, Verdict } from '../model/record.ts';
import { formatDuration } from '../model/units.ts';

/** Above this share of an objective a promise is at risk. */
export const AT_RISK_SHARE = 0.8;

export function verdictOn(actualMs: number, objectiveMs: number): Verdict {
  if (actualMs > objectiveMs) return 'breached';
  return actualMs > AT_RISK_SHARE * objectiveMs ? 'at-risk' : 'met';
}

/** By how much the objective is missed, or nearly missed, as the rest of a sentence; empty when it is kept. */
export function excess(actualMs: number, objectiveMs: number): string {
  if (actualMs > objectiveMs) return `, ${formatDuration(actualMs - objectiveMs)} too much`;
  if (actualMs > AT_RISK_SHARE * objectiveMs) return `, above ${AT_RISK_SHARE * 100} % of the objective`;
  return '';
}

/** The RPO of a contract that promises one. Without one nothing about loss is judged; the strictest is the safe answer here. */
export const rpoMsOf = ({ contract }: Pick<DrillRecord, 'contract'>): number => contract.rpoMs ?? 0;
