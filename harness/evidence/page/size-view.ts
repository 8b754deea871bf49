import { counted } from '../../model/counted.ts';
import type { DrillRecord } from '../../model/record.ts';
import { formatDuration, formatSize } from '../../model/units.ts';
import { fitCost } from '../../verdict/size-fit.ts';
import type { SizeView } from './page-view.ts';

/** Enough for a curve that looks smooth at the width of the page. */
const STEPS = 24;

/** The restore at several sizes, and what it says about the production size. */
export function sizeOf({ contract, sizes }: DrillRecord): SizeView {
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
