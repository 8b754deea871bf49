import type { Cause } from '../model/causes.ts';
import type { DrillRecord, FailBackRecord, Finding } from '../model/record.ts';
import { counted } from '../model/text.ts';
import { differencesIn } from './content.ts';
import { findingOf } from './finding.ts';

/** Judges the fail-back after a failover: split brain, loss or duplicates. Returns no finding without a promised fail-back. */
export function judgeFailBack(record: DrillRecord): Finding[] {
  const { failBack, contract } = record;
  if (failBack === undefined) {
    return contract.failsBack === true
      ? [
          finding(
            'unproven',
            'The service did not come back elsewhere, so no fail-back was tried.',
            'fail-back-not-proved',
          ),
        ]
      : [];
  }
  const broken = brokenIn(failBack);
  if (broken !== undefined) return [finding('breached', broken.found, broken.cause)];
  const missing = proofMissing(failBack);
  if (missing !== undefined) {
    return [finding('unproven', missing, 'fail-back-not-proved')];
  }
  const markers = failBack.markers.reduce((sum, lane) => sum + lane.acknowledged, 0);
  return [
    finding(
      'met',
      `Back where it was, with nothing lost or duplicated: ${counted(markers, 'marker')} compared, ${counted(failBack.writesTried.length, 'write')} refused by the place that came back, ${counted(failBack.proofs.length, 'further read')}.`,
    ),
  ];
}

const finding = (verdict: Finding['verdict'], sentence: string, cause?: Cause): Finding =>
  findingOf('fail-back', verdict, sentence, cause);

function brokenIn(failBack: FailBackRecord): { readonly cause: Cause; readonly found: string } | undefined {
  const accepted = failBack.writesTried.find((write) => write.accepted);
  if (accepted !== undefined) {
    const found = `Split brain: the place that was lost accepted a write ${accepted.when} while the other one was in charge (${accepted.what}: ${accepted.observed}). It must refuse writers until it has rejoined.`;
    return { cause: 'split-brain', found };
  }
  if (failBack.failure?.blame === 'procedure') {
    return { cause: 'fail-back-failed', found: failureOf(failBack.failure) };
  }
  for (const lane of failBack.markers) {
    const what = [
      lane.lost > 0
        ? `${lane.lost} of ${counted(lane.acknowledged, 'marker')} lost (first: ${lane.firstLostSequence})`
        : '',
      lane.duplicated > 0 ? `${counted(lane.duplicated, 'marker')} duplicated` : '',
      lane.reordered > 0 ? `${counted(lane.reordered, 'marker')} out of order` : '',
      lane.altered > 0 ? `${counted(lane.altered, 'marker')} altered` : '',
      lane.unknown > 0 ? `${counted(lane.unknown, 'marker')} that nobody wrote` : '',
    ].filter((text) => text !== '');
    if (what.length > 0) {
      return {
        cause: 'fail-back-changed-data',
        found: `The fail-back changed data in ${lane.lane}: ${what.join(', ')}.`,
      };
    }
  }
  const differing = differencesIn(failBack.comparison);
  if (differing !== undefined) {
    const found = `After the fail-back the content is not what it was: ${differing}`;
    return { cause: 'fail-back-changed-data', found };
  }
  const failing = failBack.proofs.find((proof) => !proof.holds);
  if (failing === undefined) return undefined;
  return { cause: 'fail-back-failed', found: `After the fail-back: ${failing.what}: ${failing.observed}.` };
}

function failureOf({ stage, messages }: NonNullable<FailBackRecord['failure']>): string {
  const [what = 'no reason was given', ...causes] = messages;
  const because = causes.length > 0 ? ` Cause: ${causes.slice(0, 2).join('; ')}` : '';
  return `The fail-back failed at "${stage}": ${what}${because}`;
}

function proofMissing(failBack: FailBackRecord): string | undefined {
  if (failBack.failure !== null) return failureOf(failBack.failure);
  if (failBack.writesTried.length === 0) {
    return 'The drill did not try to write to the place that came back, so nothing shows that it refuses writers.';
  }
  const unanswered = failBack.writesTried.find((write) => write.unanswered === true);
  if (unanswered !== undefined) {
    return `It is unknown whether the place that was lost accepted a write ${unanswered.when}: no answer came (${unanswered.what}: ${unanswered.observed}). Run the drill again while less runs on this machine.`;
  }
  if (failBack.markers.length === 0) return 'No marker was read after the fail-back.';
  const silent = failBack.markers.find((lane) => lane.acknowledged === 0);
  if (silent !== undefined) return `No marker was acknowledged in ${silent.lane} in the course of the fail-back.`;
  const isCompared = failBack.comparison?.items.some(({ matched }) => matched > 0);
  if (isCompared !== true) return 'Zero items were compared after the fail-back.';
  return failBack.proofs.length === 0 ? 'Nothing shows that the other place follows again.' : undefined;
}
