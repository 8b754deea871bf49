import type { DrillRecord, ExpectedProof, LaneOutcome, PhaseRecord } from '../../model/record.ts';
import { counted } from '../../model/text.ts';
import { comparisonGaps, laneGaps } from './content-gaps.ts';
import { contradiction, elapsedMs, lacking, namesDiffer, outOfOrder, readingMs, SAME_MS } from './gap.ts';

const FROM_THE_DISASTER = [
  'disasterBegan',
  'disasterEnded',
  'goneProved',
  'provisioned',
  'restoreBegan',
  'restoreEnded',
  'firstVerifiedRead',
  'firstVerifiedWrite',
  'serviceRestored',
  'verified',
  'ended',
] as const;

/** Longest time that the harness takes between two neighbouring phases, even on a busy machine. */
const BETWEEN_PHASES_MS = 1_000;
/** Stage in which the harness itself reads a live replica. It is within the time of recovery but no part of it. */
const OWN_WORK = 'what the replica holds';

/** Yields a gap if the recovery was not timed completely, or its moments, phases and budgets contradict one another. */
export function* recoveryGaps(record: DrillRecord, expected: ExpectedProof): Generator<string> {
  const { moments, phases, probe } = record;
  yield* outOfOrder(moments, FROM_THE_DISASTER);
  yield* namesDiffer('the phase', [...expected.phases].sort(), phases.map(({ name }) => name).sort());
  for (const phase of phases) yield* budgetGaps(phase, record);
  yield* waitGaps(record);
  yield* phaseGaps(record);
  if (probe.attempts <= probe.failures) {
    yield contradiction(
      `the service was restored, but ${probe.failures} of ${counted(probe.attempts, 'attempt')} of the probe failed`,
    );
  }
  if ((probe.failures === 0) !== (probe.lastFailure === null)) {
    yield contradiction(
      `${counted(probe.failures, 'attempt')} of the probe failed, the last one by "${probe.lastFailure}"`,
    );
  }
  yield* firstFailureGaps(moments);
  yield* sizeGaps(record);
}

function* budgetGaps({ name, addedMs }: PhaseRecord, { contract }: DrillRecord): Generator<string> {
  if (name === 'backup-sync') return;
  const { detection, decisionMs } = contract;
  const budgets: Partial<Record<PhaseRecord['name'], number>> = {
    detection: detection === null ? 0 : detection.failures * detection.everyMs,
    decision: decisionMs,
  };
  const budgetMs = budgets[name] ?? 0;
  if (addedMs !== budgetMs) {
    yield contradiction(`the contract adds ${budgetMs} ms to the phase "${name}", and ${addedMs} ms are added`);
  }
}

/** Yields a gap unless the wait and its phase agree. The phase adds the part of the longest wait that the drill did not wait. */
function* waitGaps({ disaster: { backupWait }, phases }: DrillRecord): Generator<string> {
  const phase = phases.find(({ name }) => name === 'backup-sync');
  if (backupWait === undefined && phase === undefined) return;
  if (phase === undefined) return yield lacking('the phase "backup-sync"');
  if (backupWait === undefined) return yield lacking('how long production waits for its sync of backups');
  if (backupWait.waitMs === null) {
    return yield contradiction('the place of the restore never learns of the backup, but restored it');
  }
  const restMs = Math.max(0, backupWait.waitMs - phase.measuredMs);
  if (Math.abs(phase.addedMs - restMs) > SAME_MS) {
    yield contradiction(
      `production may wait ${Math.round(restMs)} ms longer for its sync of backups, and ${Math.round(phase.addedMs)} ms are added`,
    );
  }
}

function* phaseGaps({ moments, phases, stages }: DrillRecord): Generator<string> {
  const { disasterEnded, goneProved, provisioned, restoreBegan, restoreEnded, serviceRestored } = moments;
  const took = (name: PhaseRecord['name']) => phases.find((phase) => phase.name === name)?.measuredMs ?? 0;
  const differ = (name: string) => contradiction(`the phase "${name}" took another time than its moments say`);
  const checkMs = elapsedMs(restoreEnded, serviceRestored);
  if (Math.abs(took('service-check') - checkMs) > SAME_MS) yield differ('service-check');
  if (took('detection') < elapsedMs(disasterEnded, goneProved) - SAME_MS) yield differ('detection');
  if (took('provisioning') > elapsedMs(goneProved, provisioned) + SAME_MS) yield differ('provisioning');
  if (took('restore') > elapsedMs(restoreBegan, restoreEnded) + SAME_MS) yield differ('restore');
  const ownMs = stages.find(({ name }) => name === OWN_WORK)?.durationMs ?? 0;
  const measuredMs = phases.reduce((sum, phase) => sum + phase.measuredMs, 0);
  const recoveryMs = elapsedMs(disasterEnded, serviceRestored) - ownMs;
  const betweenMs = recoveryMs - measuredMs;
  if (betweenMs < -SAME_MS || betweenMs > BETWEEN_PHASES_MS) {
    yield contradiction(
      `the phases of the recovery add up to ${Math.round(measuredMs)} ms, and it lasted ${Math.round(recoveryMs)} ms`,
    );
  }
}

/** Yields a gap unless the first failed attempt lies between the start of the disaster and the proof that all was gone. */
function* firstFailureGaps({ disasterBegan, firstFailedProbe, goneProved }: DrillRecord['moments']): Generator<string> {
  if (elapsedMs(disasterBegan, firstFailedProbe) < 0 || elapsedMs(firstFailedProbe, goneProved) < 0) {
    yield contradiction('the first failed attempt of the probe lies outside of the disaster and its proof');
  }
}

/** Yields a gap unless the last size is that of this drill. */
function* sizeGaps({ seeded, sizes, stages, contract }: DrillRecord): Generator<string> {
  if (seeded === null) return;
  const last = sizes.at(-1);
  if (seeded.bytes === 0 && last === undefined) return;
  if (last === undefined) return yield lacking('the size of what was restored');
  const tookMs = (name: string) => stages.find((stage) => stage.name === name)?.durationMs;
  const isOfThisDrill =
    last.sizeBytes === seeded.bytes && last.restoreMs === tookMs('restore') && last.backupMs === tookMs('backup');
  if (!isOfThisDrill) yield contradiction('the last of the measured sizes is not that of this drill');
  if (contract.productionSizeBytes === null && sizes.length > 1) {
    yield contradiction('several sizes were measured, and the contract names no production size');
  }
}

/** Yields a gap if a part of the fail-back is missing, or a write or read of it was not made. */
export function* failBackGaps(record: DrillRecord, expected: ExpectedProof): Generator<string> {
  const { failBack } = record;
  const announced = expected.failBack;
  if (failBack === undefined || announced === undefined) return yield lacking('what the fail-back had to show');
  if (failBack.returned === null || failBack.returned === '') yield lacking('how the lost place came back');
  yield* namesDiffer(
    'the stage of the fail-back',
    announced.stages,
    failBack.stages.map(({ name }) => name),
  );
  for (const stage of failBack.stages) {
    if (stage.outcome !== 'completed') yield lacking(`that the stage "${stage.name}" was completed`);
    const same = record.stages.find(({ name }) => name === stage.name);
    if (same?.durationMs !== stage.durationMs || same.outcome !== stage.outcome) {
      yield contradiction(`the stage "${stage.name}" is there twice, and differs`);
    }
  }
  const written = (writes: readonly { readonly when: string; readonly what: string }[]) =>
    writes.map(({ when, what }) => `${what} (${when})`);
  yield* namesDiffer('the attempt to write', written(announced.writes), written(failBack.writesTried));
  yield* namesDiffer(
    'the read',
    announced.proofs,
    failBack.proofs.map(({ what }) => what),
  );
  yield* namesDiffer(
    'the lane after the fail-back',
    expected.lanes,
    failBack.markers.map(({ lane }) => lane),
  );
  const silent = [...failBack.writesTried, ...failBack.proofs].find(({ observed }) => observed === '');
  if (silent !== undefined) yield lacking(`what was observed of "${silent.what}"`);
  yield* outOfOrder(record.moments, ['verified', 'ended']);
  for (const lane of failBack.markers) {
    yield* laneGaps(lane);
    yield* writtenOnTheWay(lane, record.moments);
  }
  yield* comparisonGaps(failBack.comparison, record.fingerprint, expected);
}

/** Yields a gap unless the markers of the fail-back were written between the verification of the recovery and the end. */
function* writtenOnTheWay(lane: LaneOutcome, { verified, ended }: DrillRecord['moments']): Generator<string> {
  const { firstAcknowledgedMs: first, lastAcknowledgedMs: last } = lane;
  if ((first ?? Number.NaN) < readingMs(verified) || (last ?? Number.NaN) > readingMs(ended)) {
    yield contradiction(`in ${lane.lane}, markers were acknowledged at another time than in the fail-back`);
  }
}
