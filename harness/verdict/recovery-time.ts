import type { Cause } from '../model/causes.ts';
import type { DrillRecord, Finding, Measure, PhaseRecord, SizePoint } from '../model/record.ts';
import { addedPart, formatDuration, formatSize } from '../model/units.ts';
import { excess, findingOf, verdictOn } from './finding.ts';

/**
 * Returns the RTA: the time from the end of the disaster until the restore had finished and the probe had read and written restored data.
 * It is the sum of the disjoint phases, plus their added times, for which the drill did not wait. Null when recovery never began.
 */
export function rtaOf(record: DrillRecord): Measure | null {
  if (record.moments.disasterEnded === null || record.phases.length === 0) return null;
  const valueMs = record.phases.reduce((sum, phase) => sum + phase.measuredMs + phase.addedMs, 0);
  return { valueMs, atLeast: record.phases.some(isUnfinished) };
}

/**
 * Returns the time that is compared with the RTO: RTA plus the time that production needs to thaw the backup. If the contract names a
 * production size, the upper confidence bound of the restore at that size replaces the measured restore. Null when one of them is unknown.
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

/** Returns the time of a standard retrieval from the backup's storage class; 0 if it can be read at once. */
const thawMsOf = ({ recoveryPoint }: DrillRecord): number => recoveryPoint?.archived?.thawMs ?? 0;

const thawing = (record: DrillRecord): string =>
  thawMsOf(record) === 0 ? '' : `, after up to ${formatDuration(thawMsOf(record))} to thaw the backup`;

/**
 * Returns the breach of an RTO that is too short for thawing. The documented time counts, because a drill's store may return at once an
 * object that production has to thaw.
 */
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
 * Replaces the restore in RTA by its time at the production size. The measured sizes cover the whole restore stage, which may contain
 * several phases (promotion, redirect). So the stage is subtracted from RTA, and not the phase of the same name.
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

/** A straight line of cost against size, and its confidence at one size. */
interface SizeFit {
  readonly fixedMs: number;
  readonly msPerGiB: number;
  readonly residualsMs: readonly number[];
  readonly rSquared: number;
  /** Upper bound of the one-sided 95 % confidence interval of a new observation at the asked size. */
  readonly upperMs: number;
  readonly expectedMs: number;
  /** Why the fit must not be used for a verdict; undefined when it can be used. */
  readonly tooPoor: string | undefined;
}

const GIB = 2 ** 30;
const MINIMUM_POINTS = 4;
const MINIMUM_SPREAD = 4;
const MINIMUM_R_SQUARED = 0.9;

/** One-sided 95 % quantiles of Student's t, by degrees of freedom 1 to 30 (standard tables); the normal quantile beyond. */
const T_95 = [
  6.314, 2.92, 2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.74,
  1.734, 1.729, 1.725, 1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697,
];

/**
 * Ordinary least squares of cost on size, extrapolated to `atBytes` with the prediction interval for a single new
 * observation (Draper and Smith, Applied Regression Analysis, section 1.4).
 */
export function fitCost(points: readonly SizePoint[], costMs: (point: SizePoint) => number, atBytes: number): SizeFit {
  const xs = points.map(({ sizeBytes }) => sizeBytes / GIB);
  const ys = points.map(costMs);
  const count = points.length;
  const at = atBytes / GIB;
  const meanX = mean(xs);
  const meanY = mean(ys);
  const spread = sum(xs.map((x) => (x - meanX) ** 2));
  const slope = spread === 0 ? 0 : sum(xs.map((x, index) => (x - meanX) * ((ys[index] ?? 0) - meanY))) / spread;
  const intercept = meanY - slope * meanX;
  const residualsMs = xs.map((x, index) => (ys[index] ?? 0) - (intercept + slope * x));
  const unexplained = sum(residualsMs.map((residual) => residual ** 2));
  const total = sum(ys.map((y) => (y - meanY) ** 2));
  const rSquared = total === 0 ? 0 : 1 - unexplained / total;
  const freedom = count - 2;
  const variance = freedom > 0 ? unexplained / freedom : Number.POSITIVE_INFINITY;
  const t = T_95[freedom - 1] ?? 1.645;
  const expectedMs = intercept + slope * at;
  const upperMs =
    spread === 0
      ? Number.POSITIVE_INFINITY
      : expectedMs + t * Math.sqrt(variance * (1 + 1 / count + (at - meanX) ** 2 / spread));
  return {
    fixedMs: intercept,
    msPerGiB: slope,
    residualsMs,
    rSquared,
    expectedMs,
    upperMs,
    tooPoor: reasonAgainst(xs, slope, rSquared),
  };
}

function reasonAgainst(xs: readonly number[], slope: number, rSquared: number): string | undefined {
  const distinct = new Set(xs).size;
  if (distinct < MINIMUM_POINTS)
    return `it was measured at ${distinct} size${distinct === 1 ? '' : 's'}; a fit needs ${MINIMUM_POINTS}`;
  if (Math.max(...xs) / Math.min(...xs) < MINIMUM_SPREAD)
    return `the sizes differ by less than a factor of ${MINIMUM_SPREAD}`;
  if (slope <= 0) return 'the cost does not grow with the size';
  if (rSquared < MINIMUM_R_SQUARED)
    return `the fit explains only ${Math.max(0, Math.round(rSquared * 100))} % of the cost`;
  return undefined;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : sum(values) / values.length);
