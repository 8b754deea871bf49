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

/** Severity of verdicts for a gate, from best to worst. A broken promise is worse than a missing proof. */
const severity: Readonly<Record<Verdict, number>> = { met: 0, 'at-risk': 1, unproven: 2, breached: 3 };

/** Returns the worst of several verdicts; `unproven` for an empty list. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  return verdicts.toSorted((one, other) => severity[other] - severity[one])[0] ?? 'unproven';
}

/**
 * Judges one drill by its record alone. Pure: the same record gives the same judgement, on any day. The overall sentence is that of the
 * worst finding, in the order destruction, assurances, content, RPO, exposure, freshness, RTO, fail-back. Destruction comes first, because
 * an asset that never went away explains every other missing proof.
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

/** Judges the actual and the possible loss. Returns nothing if the asset keeps no data. */
function judgeLoss(record: DrillRecord): Finding[] {
  return record.contract.rpoMs === null ? [] : [judgeRpo(record), judgeExposure(record)];
}

/** If no exposure is judged, a schedule without recovery points breaks the promise about the content. */
function withSchedule(content: Finding, record: DrillRecord): Finding {
  if (record.contract.rpoMs !== null || content.verdict === 'breached') return content;
  const problem = withoutRecoveryPoint(record);
  if (problem === undefined) return content;
  return { name: 'content', verdict: 'breached', sentence: problem.sentence, cause: problem.cause };
}

/** Returns the findings of a drill that ended early. A failure of the platform is a breach; a failure of the harness proves nothing. */
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
  // A finding at risk has the cause of a kept promise, so its cause is not used here.
  const cause = exposure.verdict === 'unproven' ? exposure.cause : rpo.cause;
  return [rpo, { ...exposure, verdict: 'unproven', cause }];
}

/** Returns the cause for the stage of a failure that has no cause of its own. */
function stageCause({ stage, aborted }: NonNullable<DrillRecord['failure']>, verdict: Verdict): Cause {
  if (aborted) return 'drill-interrupted';
  if (verdict !== 'breached') return 'drill-failed';
  if (stage === 'backup' || stage === 'second backup') return 'backup-failed';
  return stage === 'restore' ? 'restore-failed' : 'service-failed';
}

/**
 * Returns the reserve of the tightest objective, in percent; negative when it is breached. It uses the figures of the verdict: recovery at
 * the production size, the worse of RPA and exposure, and the age of the newest recovery point against its critical level. Null when one of
 * them is unknown, or any loss occurred under an RPO of zero. For an asset that keeps no data only the recovery time counts.
 */
function marginPercentOf(record: DrillRecord): number | null {
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
  // Adding 0 turns a result of -0 into 0.
  return Math.round((1 - Math.max(...used)) * 1_000) / 10 + 0;
}

function worstLossMsOf(record: DrillRecord): number | null {
  const rpa = rpaOf(record);
  const exposureMs = exposureOf(record);
  return rpa === null || exposureMs === null ? null : Math.max(rpa.valueMs, exposureMs);
}
