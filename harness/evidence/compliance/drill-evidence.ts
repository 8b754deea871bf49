import type { DrillRecord, FindingName } from '../../model/record.ts';
import { isKept } from '../../model/verdict-names.ts';
import type { EvidenceKind } from './catalogue-schema.ts';

/** What a drill was to show, and whether it did. Kinds that do not concern it are left out. */
export function evidenceOf(record: DrillRecord): ReadonlyMap<EvidenceKind, boolean> {
  const { judgement, comparison, failBack, replication } = record;
  const isMet = isKept(judgement?.verdict ?? 'unproven');
  const compared = comparison?.items.reduce((sum, { expected }) => sum + expected, 0) ?? 0;
  const evidence = new Map<EvidenceKind, boolean>([
    ['recovery', isMet],
    ['content', compared > 0 && findingHolds(record, 'content')],
    ['objectives', judgement?.rta != null && !judgement.rta.atLeast],
  ]);
  if (judgement === null || judgement.findings.some(({ name }) => name === 'exposure')) {
    evidence.set('exposure', findingHolds(record, 'exposure'));
  }
  if (failBack !== undefined || replication !== undefined) evidence.set('switchover', isMet);
  return evidence;
}

const findingHolds = ({ judgement }: DrillRecord, name: FindingName): boolean =>
  judgement?.findings.some((finding) => finding.name === name && isKept(finding.verdict)) ?? false;
