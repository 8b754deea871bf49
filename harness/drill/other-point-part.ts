import type { AbsenceCheck, Clearing, OpenAsset } from '../model/asset.ts';
import { ExplainedError } from '../model/errors.ts';
import type { RestoreContext } from '../model/procedure.ts';
import type { OtherRestoredRecord } from '../model/record.ts';
import type { Step } from '../model/step.ts';
import { isSame } from '../verdict/content.ts';
import type { Captured } from './backup-part.ts';
import type { DrillContext } from './drill-context.ts';
import { judgeLane } from './journal.ts';
import type { MarkerWriter } from './marker-writer.ts';
import { type Stages, withOwnFailure } from './stages.ts';
import { untilGone } from './until-gone.ts';

export interface OtherPointOptions extends Pick<DrillContext, 'contract' | 'record' | 'tuning'> {
  readonly asset: OpenAsset;
  readonly clearing: Clearing;
  readonly writer: MarkerWriter;
  /** The point that was restored first. */
  readonly restored: Captured;
  readonly other: Captured;
  readonly stages: Stages;
  readonly context: (step: Step) => RestoreContext;
}

/**
 * Restores the other recovery point after the first was verified. It clears the place that the first restore filled, and restores into it.
 * A contract with one disaster thus proves that both backups can be restored, and that the restore uses the given one. No part of it counts
 * for an objective.
 */
export async function restoreOtherPoint(options: OtherPointOptions): Promise<void> {
  const { record } = options;
  const { recoveryPoints } = record;
  if (recoveryPoints === undefined) throw new Error('a second restore without two recovery points');
  const written: OtherRestoredRecord = {
    cleared: [],
    claimed: '',
    warnings: [],
    markers: [],
    comparison: null,
    failure: null,
  };
  recoveryPoints.otherRestored = written;
  written.failure = await withOwnFailure(record, () => restoreAndVerify(options, written), {
    // No contract promises a time for it: a time-out here shows nothing about the platform.
    timeOutsAreOurs: true,
  });
}

/** Returns a budget that is no objective. A restore that keeps its RTO ends well within it. */
const otherRestoreBudgetMs = (rtoMs: number, serviceBudgetMs: number): number => 2 * Math.max(rtoMs, serviceBudgetMs);

async function restoreAndVerify(options: OtherPointOptions, written: OtherRestoredRecord): Promise<void> {
  const { clearing, contract, other, stages, tuning, context } = options;
  await stages.run('clearing', 'harness', tuning.destroyBudgetMs + tuning.goneBudgetMs * 2, async (step) => {
    await clearing.clear(step);
    const reads = {
      proveGone: (each: Step) => clearing.proveGone(each),
      note: (checks: AbsenceCheck[]) => {
        written.cleared = checks;
      },
    };
    if (!(await untilGone(reads, tuning.goneBudgetMs, step))) throw notCleared(written.cleared);
  });
  const restoreBudgetMs = otherRestoreBudgetMs(contract.rtoMs, tuning.serviceBudgetMs);
  await stages.run('restore of the older point', 'procedure', restoreBudgetMs, async (step) => {
    // The runbook uses the steps of the recovery; these would repeat them.
    const untold: Step = { ...step, performed: () => undefined };
    const { claimed, warnings } = await contract.protectedBy.restore(other.recoveryPoint, {
      ...context(untold),
      isEarlier: true,
    });
    written.claimed = claimed;
    written.warnings = [...warnings];
  });
  await stages.run('verify the older point', 'harness', tuning.verifyBudgetMs, (step) =>
    verify(options, written, step),
  );
}

async function verify(
  { asset, writer, restored, other }: OtherPointOptions,
  written: OtherRestoredRecord,
  step: Step,
): Promise<void> {
  const captureBeganMs = other.recoveryPoint.captureBegan.monotonicMs;
  for (const lane of asset.lanes) {
    const journal = writer.journals.find((candidate) => candidate.lane === lane.name);
    if (journal === undefined) throw new Error(`lane ${lane.name} has no journal`);
    written.markers.push(await judgeLane(journal, lane.read(step.signal), captureBeganMs));
  }
  const comparison = await asset.compare(other.content, step);
  written.comparison = comparison;
  if (!isSame(comparison)) written.comparedWithOther = await asset.compare(restored.content, step);
}

function notCleared(cleared: OtherRestoredRecord['cleared']): ExplainedError {
  const left = cleared.find(({ gone }) => !gone);
  return new ExplainedError({
    thing: 'the place of the first restore',
    expected: 'to be empty before the older recovery point is restored',
    observed: left === undefined ? 'nothing was read' : `${left.what}: ${left.observed}`,
    nextStep: 'Find out what keeps its content or creates it again. A restore over it would prove nothing.',
  });
}
