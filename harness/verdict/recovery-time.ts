import { addedPart } from '../model/added-part.ts';
import type { Cause } from '../model/causes.ts';
import type { DrillRecord, Finding, Measure, PhaseRecord } from '../model/record.ts';
import { formatDuration, formatSize } from '../model/units.ts';
import { findingOf } from './finding.ts';
import { fitCost } from './size-fit.ts';
import { excess, verdictOn } from './thresholds.ts';

/**
 * RTA: from the end of the disaster to the first moment when the restore had finished and the probe read and wrote
 * restored data; the sum of the disjoint phases, with what was not waited for added. Null when recovery never began.
 */
export function rtaOf(record: DrillRecord): Measure | null {
  if (record.moments.disasterEnded === null || record.phases.length === 0) return null;
  const valueMs = record.phases.reduce((sum, phase) => sum + phase.measuredMs + phase.addedMs, 0);
  return { valueMs, atLeast: record.phases.some(isUnfinished) };
}

/**
 * What the RTO is held against: RTA, and where the contract names a production size, RTA with the restore replaced by the upper
 * confidence bound of the restore at that size; with the time that production needs to thaw the backup. Null when one of them is not known.
 */
export function recoveryTimeOf(record: DrillRecord): Measure | null {
  const rta = rtaOf(record);
  const { productionSizeBytes, rtoMs } = record.contract;
  if (rta === null) return null;
  const thawMs = thawMsOf(record);
  if (productionSizeBytes === null || rta.valueMs > rtoMs) return { ...rta, valueMs: rta.valueMs + thawMs };
  const { atSizeMs } = atProductionSize(record, rta.valueMs, productionSizeBytes);
  return atSizeMs === undefined ? null : { valueMs: atSizeMs + thawMs, atLeast: rta.atLeast };
}

export function judgeRto(record: DrillRecord): Finding {
  const { rtoMs, productionSizeBytes } = record.contract;
  const rta = rtaOf(record);
  const thaw = thawBeyond(record, rta?.valueMs ?? 0);
  if (thaw !== undefined) return thaw;
  if (rta === null) return finding('unproven', 'No recovery was timed, so the RTO is not proved.', 'rto-unknown');
  const took = `${rta.atLeast ? 'more than ' : ''}${formatDuration(rta.valueMs)}`;
  if (rta.valueMs > rtoMs || (!rta.atLeast && productionSizeBytes === null)) {
    const totalMs = rta.valueMs + thawMsOf(record);
    return finding(
      verdictOn(totalMs, rtoMs),
      `Promised back within ${formatDuration(rtoMs)}; recovered in ${took} (${partsOf(record)})${thawing(record)}${excess(totalMs, rtoMs)}.`,
      'rto-exceeded',
    );
  }
  const unfinished = record.phases.find(isUnfinished);
  if (unfinished !== undefined) {
    return finding(
      'unproven',
      `The phase "${unfinished.name}" did not complete (${unfinished.detail ?? unfinished.outcome}); the drill gave up after ${took}, before the RTO of ${formatDuration(rtoMs)} was over.`,
      'rto-unknown',
    );
  }
  return judgeRtoAtSize(record, rta.valueMs, productionSizeBytes ?? 0);
}

/** A standard retrieval of the class in which the backup lies; 0 where it is read at once. */
const thawMsOf = ({ recoveryPoint }: DrillRecord): number => recoveryPoint?.archived?.thawMs ?? 0;

const thawing = (record: DrillRecord): string =>
  thawMsOf(record) === 0 ? '' : `, after up to ${formatDuration(thawMsOf(record))} to thaw the backup`;

/** A drill's store may give at once what production has to thaw first: the documented time counts. */
function thawBeyond({ recoveryPoint, contract: { rtoMs } }: DrillRecord, rtaMs: number): Finding | undefined {
  const archived = recoveryPoint?.archived;
  if (archived === undefined || archived.thawMs + rtaMs <= rtoMs) return undefined;
  const { storageClass, thawMs } = archived;
  return finding(
    'breached',
    `Promised back within ${formatDuration(rtoMs)}; the backup lies in ${storageClass}, from which a standard retrieval takes up to ${formatDuration(thawMs)} before the restore can read it, and the restore took ${formatDuration(rtaMs)}. Back up into a class that is read at once.`,
    'thaw-exceeds-rto',
  );
}

function judgeRtoAtSize(record: DrillRecord, rtaMs: number, productionSizeBytes: number): Finding {
  const { rtoMs } = record.contract;
  const size = formatSize(productionSizeBytes);
  const { atSizeMs, tooPoor } = atProductionSize(record, rtaMs, productionSizeBytes);
  if (atSizeMs === undefined) {
    return finding(
      'unproven',
      `The RTO is promised for ${size}, but the restore cannot be extrapolated to it: ${tooPoor}. Let the drill run at more and larger sizes.`,
      'rto-unknown',
    );
  }
  const totalMs = atSizeMs + thawMsOf(record);
  return finding(
    verdictOn(totalMs, rtoMs),
    `Promised back within ${formatDuration(rtoMs)} at ${size}; expected at that size (95 % upper bound) ${formatDuration(atSizeMs)}, measured ${formatDuration(rtaMs)} at the drill's size${thawing(record)}${excess(totalMs, rtoMs)}.`,
    'rto-exceeded',
  );
}

/**
 * The sizes time the whole stage of the restore, which may hold several phases (promotion, redirect). So it is the stage that is
 * taken out of RTA, and not the phase of the same name.
 */
function atProductionSize(
  { sizes }: DrillRecord,
  rtaMs: number,
  productionSizeBytes: number,
): { readonly atSizeMs?: number; readonly tooPoor?: string } {
  const fit = fitCost(sizes, (point) => point.restoreMs, productionSizeBytes);
  if (fit.tooPoor !== undefined) return { tooPoor: fit.tooPoor };
  const restoreMs = sizes.at(-1)?.restoreMs ?? 0;
  return { atSizeMs: rtaMs - restoreMs + Math.max(restoreMs, fit.upperMs) };
}

function partsOf({ phases }: DrillRecord): string {
  return phases
    .filter(({ measuredMs, addedMs }) => measuredMs + addedMs > 0)
    .map((phase) => {
      const measured = phase.measuredMs > 0 ? [formatDuration(phase.measuredMs)] : [];
      const added = phase.addedMs > 0 ? [addedPart(phase)] : [];
      const ending = isUnfinished(phase) ? ` (${phase.outcome})` : '';
      return `${phase.name} ${[...measured, ...added].join(' + ')}${ending}`;
    })
    .join(', ');
}

const isUnfinished = ({ outcome }: PhaseRecord): boolean => outcome !== 'completed';

const finding = (verdict: Finding['verdict'], sentence: string, cause?: Cause): Finding =>
  findingOf('rto', verdict, sentence, cause);
