import type { Cause } from '../model/causes.ts';
import type { DrillRecord, Finding, Judgement, Verdict } from '../model/record.ts';
import { judgeAssurances, judgeDestruction } from './assurances.ts';
import { judgeContent } from './content.ts';
import { exposureOf, judgeExposure, judgeFreshness, newestAgeMsOf, withoutRecoveryPoint } from './exposure.ts';
import { judgeFailBack } from './fail-back.ts';
import { judgeRpo, rpaOf } from './loss.ts';
import { isSlowed, withoutOwnLoad } from './own-load.ts';
import { demandProof } from './proof/proof.ts';
import { judgeRto, recoveryTimeOf, rtaOf } from './recovery-time.ts';

/** From best to worst, as a gate sees them: a broken promise is worse news than a missing proof. */
const severity: Readonly<Record<Verdict, number>> = { met: 0, 'at-risk': 1, unproven: 2, breached: 3 };

/** The worst of several verdicts; nothing at all is `unproven`. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  return verdicts.toSorted((one, other) => severity[other] - severity[one])[0] ?? 'unproven';
}

/**
 * Judges one drill by its record alone. Pure: the same record gives the same judgement, on any day.
 * The sentence of the whole is that of the worst finding, in the order destruction, what else was assured, content, RPO, exposure,
 * freshness, RTO, fail-back: where the asset never went away, that explains every other missing proof.
 */
export function judge(record: DrillRecord): Judgement {
  const found = withoutOwnLoad(record, foundIn);
  const findings = found.map((finding) => demandProof(finding, record, found));
  const worst = findings.reduce((first, next) => (severity[next.verdict] > severity[first.verdict] ? next : first));
  const keepsNoData = record.contract.rpoMs === null;
  return {
    verdict: worst.verdict,
    sentence: worst.sentence,
    cause: worst.cause,
    findings,
    rta: rtaOf(record),
    rpa: keepsNoData ? null : rpaOf(record),
    exposureMs: keepsNoData ? null : exposureOf(record),
    marginPercent: found.some(isSlowed) ? null : marginPercentOf(record),
  };
}

const foundIn = (record: DrillRecord): Finding[] =>
  record.failure === null ? findingsOf(record) : failedFindings(record, record.failure);

function findingsOf(record: DrillRecord): Finding[] {
  return [
    judgeDestruction(record),
    ...judgeAssurances(record),
    withSchedule(judgeContent(record), record),
    ...judgeLoss(record),
    ...judgeFreshness(record),
    judgeRto(record),
    ...judgeFailBack(record),
  ];
}

/** What was lost, and what may be; nothing where the asset keeps no data. */
function judgeLoss(record: DrillRecord): Finding[] {
  return record.contract.rpoMs === null ? [] : [judgeRpo(record), judgeExposure(record)];
}

/** Where no exposure is judged, a schedule that leaves nothing to restore breaks the promise that the content comes back. */
function withSchedule(content: Finding, record: DrillRecord): Finding {
  if (record.contract.rpoMs !== null || content.verdict === 'breached') return content;
  const problem = withoutRecoveryPoint(record);
  if (problem === undefined) return content;
  return { name: 'content', verdict: 'breached', sentence: problem.sentence, cause: problem.cause };
}

/** A drill that ended early: what the platform broke is a breach; what the harness could not do proves nothing. */
function failedFindings(record: DrillRecord, failure: NonNullable<DrillRecord['failure']>): Finding[] {
  const [what = 'no reason was given'] = failure.messages;
  const because = failure.messages.length > 1 ? ` Cause: ${failure.messages.slice(1, 3).join('; ')}` : '';
  const verdict: Verdict = failure.blame === 'procedure' && !failure.aborted ? 'breached' : 'unproven';
  const opening = failure.aborted
    ? `The drill was interrupted in the stage "${failure.stage}"`
    : `The stage "${failure.stage}" failed`;
  const sentence = `${opening}: ${what}${because}`;
  const cause = failure.cause ?? stageCause(failure, verdict);
  const rto = judgeRto(record);
  return [
    withSchedule({ name: 'content', verdict, sentence, cause }, record),
    {
      name: 'destruction',
      verdict: 'unproven',
      sentence: `${sentence}; destruction and provenance were not proved.`,
      cause,
    },
    ...failedLoss(record, { name: 'rpo', verdict, sentence, cause }),
    rto.verdict === 'breached' ? rto : { name: 'rto', verdict, sentence, cause },
    ...judgeFreshness(record),
    ...judgeAssurances(record),
    ...judgeFailBack(record),
  ];
}

function failedLoss(record: DrillRecord, rpo: Finding): Finding[] {
  if (record.contract.rpoMs === null) return [];
  const exposure = judgeExposure(record);
  if (exposure.verdict === 'breached') return [rpo, exposure];
  // The cause of one that is at risk is that of a promise that is kept.
  const cause = exposure.verdict === 'unproven' ? exposure.cause : rpo.cause;
  return [rpo, { ...exposure, verdict: 'unproven', cause }];
}

/** Which promise the stage belongs to, where the failure itself gives no identifier. */
function stageCause({ stage, aborted }: NonNullable<DrillRecord['failure']>, verdict: Verdict): Cause {
  if (aborted) return 'drill-interrupted';
  if (verdict !== 'breached') return 'drill-failed';
  if (stage === 'backup' || stage === 'second backup') return 'backup-failed';
  return stage === 'restore' ? 'restore-failed' : 'service-failed';
}

/**
 * What is left of the tightest objective, in percent; negative when it is breached. It counts what the verdict counts: recovery at
 * the production size, the worse of RPA and exposure, and the age of the newest recovery point against its critical level. Null when
 * one of them is not known, or more than nothing was lost where nothing may be. An asset that keeps no data has only the recovery time.
 */
export function marginPercentOf(record: DrillRecord): number | null {
  const { rtoMs, rpoMs, freshness } = record.contract;
  const recovery = recoveryTimeOf(record);
  if (recovery === null) return null;
  const used = [recovery.valueMs / rtoMs];
  if (rpoMs !== null) {
    const lossMs = worstLossMsOf(record);
    if (lossMs === null || (rpoMs === 0 && lossMs > 0)) return null;
    if (rpoMs > 0) used.push(lossMs / rpoMs);
  }
  if (freshness !== undefined) {
    const ageMs = newestAgeMsOf(record);
    if (ageMs === null) return null;
    used.push(ageMs / freshness.criticalMs);
  }
  // Without the sum, nothing left may come out as -0.
  return Math.round((1 - Math.max(...used)) * 1_000) / 10 + 0;
}

function worstLossMsOf(record: DrillRecord): number | null {
  const rpa = rpaOf(record);
  const exposureMs = exposureOf(record);
  return rpa === null || exposureMs === null ? null : Math.max(rpa.valueMs, exposureMs);
}
