import { decimal, decimalText } from '../../model/decimal.ts';
import type { StoredPoint } from '../../systems/s3/stored-points.ts';
import { MONTH_MS } from './made.ts';
import { DAY_MS } from './object-life.ts';

/** How the sizes of recovery points changed, as far as they tell. */
export interface MeasuredGrowth {
  /** Of their mean; 0 where they shrink. */
  readonly percentPerMonth: string;
  readonly spanMs: number;
  readonly points: number;
}

/** The line of least squares through their sizes; undefined where they lie within a day of each other. */
export function measuredGrowth(points: readonly StoredPoint[]): MeasuredGrowth | undefined {
  const sizes = points.map(({ capturedMs, objects }) => ({
    atMs: capturedMs,
    bytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }));
  const atMs = sizes.map((each) => each.atMs);
  const spanMs =
    atMs.reduce((most, each) => Math.max(most, each), 0) -
    atMs.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY);
  if (sizes.length < 2 || spanMs < DAY_MS) return undefined;
  const meanMs = mean(atMs);
  const meanBytes = mean(sizes.map(({ bytes }) => bytes));
  const covariance = mean(sizes.map((each) => (each.atMs - meanMs) * (each.bytes - meanBytes)));
  // Nothing grows from nothing by a percentage.
  if (meanBytes === 0) return undefined;
  const variance = mean(atMs.map((each) => (each - meanMs) ** 2));
  const percent = ((covariance / variance) * MONTH_MS * 100) / meanBytes;
  return {
    percentPerMonth: decimalText(decimal(Math.max(0, percent).toFixed(2))),
    spanMs,
    points: sizes.length,
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
