import { scaleLog } from 'd3-scale';
import { area, line } from 'd3-shape';
import { formatDuration, formatSize } from '../../../model/units.ts';
import { html, type Markup } from '../markup.ts';
import type { SizeView } from '../page-view.ts';
import { at, chart, markLine, WIDTH } from './chart.ts';

const LEFT = 84;
const RIGHT = 14;
const TOP = 24;
const BOTTOM = 180;

/** The restore at several sizes with the line through it, its band, and the production size. Both axes are logarithmic. */
export function sizeChart(id: string, view: SizeView): Markup | undefined {
  const { fit, points, productionSizeBytes, sentence } = view;
  if (fit === null || productionSizeBytes === null) return undefined;
  const sizes = [...points.map(({ sizeBytes }) => sizeBytes), productionSizeBytes];
  const times = [...points.map(({ restoreMs }) => restoreMs), ...fit.curve.map(({ upperMs }) => upperMs)];
  const x = scaleLog([Math.min(...sizes) / 1.3, Math.max(...sizes) * 1.3], [LEFT, WIDTH - RIGHT]);
  const least = Math.max(1, Math.min(...times) / 1.5);
  const y = scaleLog([least, Math.max(...times) * 1.3], [BOTTOM, TOP]);
  const curve = fit.curve.filter(({ upperMs }) => upperMs > 0);
  const inside = (ms: number) => y(Math.max(least, ms));
  const band = area<(typeof curve)[number]>()
    .x(({ sizeBytes }) => x(sizeBytes))
    .y0(({ lowerMs }) => inside(lowerMs))
    .y1(({ upperMs }) => inside(upperMs))
    .digits(1)(curve);
  const path = line<(typeof curve)[number]>()
    .x(({ sizeBytes }) => x(sizeBytes))
    .y(({ expectedMs }) => inside(expectedMs))
    .digits(1)(curve);
  const text = {
    id,
    title: `Restore time by size, up to ${formatSize(productionSizeBytes)}`,
    description: sentence,
    height: BOTTOM + 22,
  };
  return chart(text, [
    html`${powers(x.domain(), 2, 5).map(
      (size) =>
        html`<line class="grid" x1="${at(x(size))}" x2="${at(x(size))}" y1="${TOP}" y2="${BOTTOM}"/><text class="tick" x="${at(x(size))}" y="${BOTTOM + 15}" text-anchor="middle">${formatSize(size).replace('.0', '')}</text>`,
    )}`,
    html`${powers(y.domain(), 10, 1).map(
      (ms) =>
        html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(ms))}" y2="${at(y(ms))}"/><text class="tick" x="${LEFT - 6}" y="${at(y(ms) + 4)}" text-anchor="end">${formatDuration(ms)}</text>`,
    )}`,
    html`<path class="band" d="${band ?? ''}"/><path class="fit" d="${path ?? ''}"/>`,
    html`${points.map(({ sizeBytes, restoreMs }) => html`<circle class="point" cx="${at(x(sizeBytes))}" cy="${at(inside(restoreMs))}" r="4"/>`)}`,
    html`<circle class="expected" cx="${at(x(productionSizeBytes))}" cy="${at(inside(fit.expectedMs))}" r="5"/>`,
    markLine({
      x: x(productionSizeBytes),
      from: TOP - 4,
      to: BOTTOM,
      label: `production ${formatSize(productionSizeBytes)}`,
      kind: 'objective',
    }),
  ]);
}

/** At most six whole powers within the domain: `base` to the power of a multiple of `every`. */
function powers([from = 1, to = 1]: number[], base: number, every: number): number[] {
  const all = [];
  const unit = base ** every;
  for (let value = unit ** Math.ceil(Math.log(from) / Math.log(unit)); value <= to; value *= unit) all.push(value);
  const skip = Math.ceil(all.length / 6);
  return all.filter((_, index) => index % skip === 0);
}
