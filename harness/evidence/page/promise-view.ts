import type { DrillRecord, LaneOutcome } from '../../model/record.ts';
import { isKept } from '../../model/record-parts.ts';
import { counted, countedOf } from '../../model/text.ts';
import { formatDuration, formatSize } from '../../model/units.ts';
import { verdictOf } from '../../reporting/run-summary.ts';
import { anchorOf, sectionTitle } from '../../reporting/runbook/runbook-contract.ts';
import { fitCost, recoveryTimeOf } from '../../verdict/recovery-time.ts';
import { caveatOf, findingCaveat } from './caveats.ts';
import { historyOf, isJudgedBy } from './history-view.ts';
import { anchorFor, cut, drillCommand, LISTED } from './names.ts';
import type { PageProblem, PageSource } from './page-source.ts';
import type { ComparisonView, LossesView, Mark, PromiseView, SizeView, TimelineView } from './page-view.ts';

/** Returns the view of one drill of this run: its promise and all its results. */
export function promiseOf(record: DrillRecord, source: PageSource): PromiseView {
  const { contract, disaster, judgement, environment } = record;
  const { since, history } = historyOf(record, source);
  const atLeast = judgement?.rta?.atLeast ?? false;
  return {
    id: anchorFor('promise', contract.name, disaster.name),
    contract: contract.name,
    disaster: disaster.name,
    threat: cut(disaster.threat),
    blastRadius: cut(disaster.blastRadius),
    asset: cut(contract.description),
    priority: contract.priority,
    owner: contract.owner,
    controls: contract.controls,
    mark: markOf(record, source),
    sentence: cut(judgement?.sentence ?? withoutJudgement(record)),
    recovery: { objectiveMs: contract.rtoMs, actualMs: judgement?.rta?.valueMs ?? null, atLeast },
    recoveryAtSizeMs: contract.productionSizeBytes === null ? null : (recoveryTimeOf(record)?.valueMs ?? null),
    ...againstRpo(record),
    marginPercent: judgement?.marginPercent ?? null,
    since,
    basis: basisOf(record),
    caveat: isKept(verdictOf(record)) ? caveatOf(record) : null,
    repeatCommand: drillCommand(contract.name, environment.target),
    runbook: runbookOf(contract.name, disaster.name, source),
    record: source.places?.drillFiles?.get(record.drillId) ?? null,
    findings: (judgement?.findings ?? []).map(({ name, verdict, sentence }) => ({
      name,
      mark: verdict,
      sentence: cut(sentence),
      doesNotProve: isKept(verdict) ? findingCaveat(name, record) : null,
    })),
    timeline: timelineOf(record),
    losses: lossesOf(record),
    size: sizeOf(record),
    history,
    comparison: comparisonOf(record),
    notVerified: [...(record.comparison?.notVerified ?? []), ...(record.failBack?.comparison?.notVerified ?? [])]
      .filter((text, index, all) => all.indexOf(text) === index)
      .map((text) => cut(text)),
    outOfScope: contract.outOfScope.map((text) => cut(text)),
    leftBehind: record.cleanup
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ what, message }) => cut(message === undefined ? what : `${what}: ${message}`)),
  };
}

function againstRpo({ contract: { rpoMs }, judgement }: DrillRecord): Pick<PromiseView, 'loss' | 'exposure'> {
  if (rpoMs === null) return { loss: null, exposure: null };
  const { valueMs = null, atLeast = false } = judgement?.rpa ?? {};
  return {
    loss: { objectiveMs: rpoMs, actualMs: valueMs, atLeast },
    exposure: { objectiveMs: rpoMs, actualMs: judgement?.exposureMs ?? null, atLeast: false },
  };
}

/**
 * Returns the mark of a promise. A waiver never makes a promise look kept. The mark is `waived` only if the gate judged this drill, left
 * no problem of it open, and waived its verdict. A waiver of its age or of another drill does not count.
 */
function markOf(record: DrillRecord, { gate }: PageSource): Mark {
  const verdict = verdictOf(record);
  if (isKept(verdict) || !isJudgedBy(gate, record)) return verdict;
  const decided = gate?.promises.find(({ contract }) => contract === record.contract.name);
  const isOfDisaster = ({ disaster }: PageProblem) => disaster === record.disaster.name;
  const isWaived =
    decided?.problems.some(isOfDisaster) === false &&
    decided.waived.some(({ problem }) => isOfDisaster(problem) && ['breached', 'unproven'].includes(problem.kind));
  return isWaived ? 'waived' : verdict;
}

function withoutJudgement({ failure, state }: DrillRecord): string {
  if (failure !== null) return `The stage "${failure.stage}" failed: ${failure.messages.join('; ')}`;
  return `The drill was not judged. Its record ends in the state "${state}".`;
}

function runbookOf(contract: string, disaster: string, { places }: PageSource): PromiseView['runbook'] {
  const title = sectionTitle(contract, disaster);
  const runbook = places?.runbook;
  if (runbook === undefined) return { label: `the section "${title}" of the runbook`, href: null };
  return { label: `${runbook.label}, section "${title}"`, href: `${runbook.href}#${anchorOf(title)}` };
}

function basisOf({ comparison, fingerprint }: DrillRecord): string {
  if (comparison === null || comparison.items.length === 0) return 'Nothing was compared.';
  const shown = comparison.items
    .slice(0, 3)
    .map(({ kind, matched, expected }) => `${matched} of ${countedOf(expected, kind)}`);
  const more = comparison.items.length - shown.length;
  const size = fingerprint === null ? '' : `, ${formatSize(fingerprint.bytes)}`;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more kinds` : ''} came back the same${size}.`;
}

function comparisonOf({ comparison, fingerprint }: DrillRecord): ComparisonView | null {
  if (comparison === null) return null;
  const counted = comparison.items.reduce((sum, { missing, extra, differing }) => sum + missing + extra + differing, 0);
  const differences = comparison.firstDifferences.slice(0, LISTED).map(({ item, field, expected, observed }) => ({
    item: cut(item, 300),
    field: cut(field, 300),
    expected: cut(expected, 300),
    observed: cut(observed, 300),
  }));
  return {
    items: comparison.items,
    bytes: fingerprint?.bytes ?? null,
    digest: fingerprint?.digest ?? null,
    differences,
    differencesLeftOut: Math.max(0, Math.max(counted, comparison.firstDifferences.length) - differences.length),
  };
}

function timelineOf({ contract, phases, stages, failBack }: DrillRecord): TimelineView {
  return {
    objectiveMs: contract.rtoMs,
    totalMs: phases.reduce((sum, { measuredMs, addedMs }) => sum + measuredMs + addedMs, 0),
    atLeast: phases.some(({ outcome }) => outcome !== 'completed'),
    phases: phases.map(({ name, measuredMs, addedMs, outcome, detail }) => ({
      name,
      measuredMs,
      addedMs,
      outcome,
      detail: detail === undefined ? null : cut(detail, 300),
    })),
    stages: stages.map(({ name, durationMs }) => ({ name, durationMs })),
    afterwards: (failBack?.stages ?? []).map(({ name, durationMs }) => ({ name, durationMs })),
  };
}

/** Returns kept and lost acknowledged markers, on a common time axis. Null if no marker was written before a disaster. */
function lossesOf({ markers, moments, contract }: DrillRecord): LossesView | null {
  const { cutOff, captureBegan } = moments;
  const begins = markers.map(({ firstAcknowledgedMs }) => firstAcknowledgedMs).filter((ms) => ms !== null);
  if (cutOff === null || begins.length === 0) return null;
  const originMs = Math.min(...begins);
  const lanes = markers
    .flatMap((lane) => {
      const { firstAcknowledgedMs, lastAcknowledgedMs, lastBeforeLossMs } = lane;
      if (firstAcknowledgedMs === null || lastAcknowledgedMs === null) return [];
      return [
        {
          lane: lane.lane,
          fromMs: firstAcknowledgedMs - originMs,
          toMs: Math.max(firstAcknowledgedMs, lastAcknowledgedMs) - originMs,
          keptUntilMs: lastBeforeLossMs === null ? null : lastBeforeLossMs - originMs,
          acknowledged: lane.acknowledged,
          restored: lane.restored,
          lost: lane.lost,
          lostBeforeCapture: lane.lostBeforeCapture,
          faults: faultsOf(lane),
        },
      ];
    })
    .toSorted((one, other) => other.lost - one.lost);
  return {
    rpoMs: contract.rpoMs,
    captureBeganMs: captureBegan === null ? null : captureBegan.monotonicMs - originMs,
    cutOffMs: Math.max(0, cutOff.monotonicMs - originMs),
    lanes: lanes.slice(0, LISTED),
    lanesLeftOut: markers.length - Math.min(lanes.length, LISTED),
  };
}

function faultsOf(lane: LaneOutcome): string[] {
  const counts: readonly (readonly [number, string])[] = [
    [lane.lostBeforeCapture, 'lost although acknowledged before the capture'],
    [lane.duplicated, 'duplicated'],
    [lane.reordered, 'out of order'],
    [lane.altered, 'altered'],
    [lane.unknown, 'that nobody wrote'],
  ];
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
}

/** Enough for a curve that looks smooth at the width of the page. */
const STEPS = 24;

/** Returns the restore at several sizes, and the conclusion for the production size. */
function sizeOf({ contract, sizes }: DrillRecord): SizeView {
  const { productionSizeBytes } = contract;
  const points = sizes.map(({ sizeBytes, restoreMs }) => ({ sizeBytes, restoreMs }));
  const view = (sentence: string, fit: SizeView['fit'] = null): SizeView => ({
    productionSizeBytes,
    points,
    sentence,
    fit,
  });
  const [only] = points;
  if (only === undefined) return view('The restore was not timed at any size.');
  if (productionSizeBytes === null) {
    const measured =
      points.length === 1
        ? `The restore of ${formatSize(only.sizeBytes)} took ${formatDuration(only.restoreMs)}.`
        : `The restore was timed at ${counted(points.length, 'size')}.`;
    return view(`${measured} The contract names no production size, so nothing is extrapolated.`);
  }
  const fit = fitCost(sizes, ({ restoreMs }) => restoreMs, productionSizeBytes);
  if (fit.tooPoor !== undefined) {
    return view(`Nothing is extrapolated to ${formatSize(productionSizeBytes)}: ${fit.tooPoor}.`);
  }
  const smallest = Math.min(...points.map(({ sizeBytes }) => sizeBytes));
  const factor = productionSizeBytes / smallest;
  const curve = Array.from({ length: STEPS + 1 }, (_, step) => {
    const sizeBytes = smallest * factor ** (step / STEPS);
    const { expectedMs, upperMs } = fitCost(sizes, ({ restoreMs }) => restoreMs, sizeBytes);
    return { sizeBytes, expectedMs, upperMs, lowerMs: 2 * expectedMs - upperMs };
  });
  return view(
    `At ${formatSize(productionSizeBytes)} the restore is expected to take ${formatDuration(fit.expectedMs)}, and with 95 % confidence at most ${formatDuration(fit.upperMs)}. The line explains ${Math.floor(fit.rSquared * 100)} % of the differences between ${points.length} measurements.`,
    { curve, expectedMs: fit.expectedMs, upperMs: fit.upperMs, rSquared: fit.rSquared },
  );
}
