import type { Cause } from '../model/causes.ts';
import type { PostureVerdict } from '../model/posture.ts';
import type { DrillRecord, Finding, FindingName, Verdict } from '../model/record.ts';
import { formatDuration } from '../model/units.ts';

/** Returns a finding with its cause. The cause of one at risk is the small reserve. */
export function findingOf(name: FindingName, verdict: Verdict, sentence: string, cause: Cause | undefined): Finding {
  if (verdict === 'met') return { name, verdict, sentence };
  if (verdict === 'at-risk') return { name, verdict, sentence, cause: 'within-a-fifth' };
  return { name, verdict, sentence, ...(cause === undefined ? {} : { cause }) };
}

/** Share of an objective above which a promise is at risk. */
export const AT_RISK_SHARE = 0.8;

export function verdictOn(actualMs: number, objectiveMs: number): Verdict {
  if (actualMs > objectiveMs) return 'breached';
  return actualMs > AT_RISK_SHARE * objectiveMs ? 'at-risk' : 'met';
}

/** Describes by how much the objective is missed, or nearly missed, as the rest of a sentence; empty when it is kept. */
export function excess(actualMs: number, objectiveMs: number): string {
  if (actualMs > objectiveMs) return `, ${formatDuration(actualMs - objectiveMs)} too much`;
  if (actualMs > AT_RISK_SHARE * objectiveMs) return `, above ${AT_RISK_SHARE * 100} % of the objective`;
  return '';
}

/** Returns the RPO of a contract that promises one. Without an RPO no loss is judged, so zero, the strictest value, is safe here. */
export const rpoMsOf = ({ contract }: Pick<DrillRecord, 'contract'>): number => contract.rpoMs ?? 0;

export interface CheckJudgement {
  readonly verdict: PostureVerdict;
  /** The finding and the next step; the promise precedes it in the sentence. */
  readonly found: string;
  /** Left out if the verdict is `met`. */
  readonly cause?: Cause;
}
