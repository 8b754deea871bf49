import type { SizePoint } from '../model/record.ts';

/** A straight line through cost against size, and how far it can be believed at one size. */
export interface SizeFit {
  readonly fixedMs: number;
  readonly msPerGiB: number;
  readonly residualsMs: readonly number[];
  readonly rSquared: number;
  /** Upper bound of the one-sided 95 % confidence interval of a new observation at the asked size. */
  readonly upperMs: number;
  readonly expectedMs: number;
  /** Why the fit must not be used for a verdict; undefined when it may. */
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
