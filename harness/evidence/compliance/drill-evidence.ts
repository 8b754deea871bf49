import type { DrillRecord, FindingName, Verdict } from '../../model/record.ts';
import type { EvidenceKind } from './catalogue-schema.ts';

/** What a drill was to show, and whether it did. Kinds that do not concern it are left out. */
export function evidenceOf(record: DrillRecord): ReadonlyMap<EvidenceKind, boolean> {
  const { judgement, comparison, failBack, replication } = record;
  const isKept = holds(judgement?.verdict ?? 'unproven');
  const compared = comparison?.items.reduce((sum, { expected }) => sum + expected, 0) ?? 0;
  const evidence = new Map<EvidenceKind, boolean>([
    ['recovery', isKept],
    ['content', compared > 0 && findingHolds(record, 'content')],
    ['objectives', judgement?.rta != null && !judgement.rta.atLeast],
  ]);
  if (judgement === null || judgement.findings.some(({ name }) => name === 'exposure')) {
    evidence.set('exposure', findingHolds(record, 'exposure'));
  }
  if (failBack !== undefined || replication !== undefined) evidence.set('switchover', isKept);
  return evidence;
}

export const holds = (verdict: Verdict): boolean => verdict === 'met' || verdict === 'at-risk';

const findingHolds = ({ judgement }: DrillRecord, name: FindingName): boolean =>
  judgement?.findings.some((finding) => finding.name === name && holds(finding.verdict)) ?? false;
