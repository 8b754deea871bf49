import type { DrillRecord, ExpectedProof, Finding, FindingName } from '../../model/record.ts';
import { comparisonGaps } from './content-gaps.ts';
import { assuranceGaps, courseGaps, destructionGaps } from './gaps.ts';
import { exposureGaps, lossGaps } from './loss-gaps.ts';
import { pointGaps } from './point-gaps.ts';
import { failBackGaps, recoveryGaps } from './recovery-gaps.ts';

/**
 * The finding as the record proves it. A good verdict needs every part of its proof, and parts that agree with one another;
 * where one is missing or contradicts another the finding is `unproven`, and its sentence names the part. A breach stays one.
 */
export function demandProof(finding: Finding, record: DrillRecord, findings: readonly Finding[]): Finding {
  if (finding.verdict === 'breached' || finding.verdict === 'unproven') return finding;
  const gap = gapIn(record, finding.name, findings);
  return gap === undefined
    ? finding
    : { name: finding.name, verdict: 'unproven', sentence: gap, cause: 'proof-missing' };
}

function gapIn(record: DrillRecord, name: FindingName, findings: readonly Finding[]): string | undefined {
  const { expected, schemaVersion } = record;
  if (schemaVersion === 1) {
    return 'An older version made this record, and did not write down what had to be proved. Run the drill again.';
  }
  if (expected === undefined) return 'The record does not say what had to be proved (`expected`). Run the drill again.';
  const [gap] = gapsOf(name, record, expected, findings);
  return gap;
}

function gapsOf(
  name: FindingName,
  record: DrillRecord,
  expected: ExpectedProof,
  findings: readonly Finding[],
): Iterable<string> {
  switch (name) {
    case 'destruction':
      return destructionGaps(record, expected);
    case 'untouched':
    case 'acceptance':
      return assuranceGaps(name, record, expected);
    case 'content':
      return allOf(
        courseGaps(record, expected, findings),
        comparisonGaps(record.comparison, record.fingerprint, expected),
        pointGaps(record, expected),
        // Content rests on the markers as well. Where no loss is judged, no other finding demands their proof.
        record.contract.rpoMs === null ? lossGaps(record, expected) : [],
      );
    case 'rpo':
      return lossGaps(record, expected);
    case 'exposure':
    case 'freshness':
      return exposureGaps(record, expected);
    case 'rto':
      return recoveryGaps(record, expected);
    case 'fail-back':
      return failBackGaps(record, expected);
  }
}

function* allOf(...gaps: readonly Iterable<string>[]): Generator<string> {
  for (const each of gaps) yield* each;
}
