import { scaleLinear } from 'd3-scale';
import { AT_RISK_SHARE } from '../../../verdict/thresholds.ts';
import { html, type Markup, nothing } from '../markup.ts';
import type { Against } from '../page-view.ts';
import { at } from './chart.ts';

const SHARE_WIDTH = 120;

/** How much of an objective was used. It repeats the figures beside it, so it is hidden from readers of the text. */
export function shareBar({ objectiveMs, actualMs }: Against): Markup {
  if (actualMs === null || objectiveMs === 0) return html``;
  const most = Math.max(objectiveMs, actualMs, 1);
  const x = scaleLinear([0, most], [0, SHARE_WIDTH - 2]);
  const kind =
    actualMs > objectiveMs
      ? 'breached'
      : actualMs > AT_RISK_SHARE * objectiveMs && actualMs > 0
        ? 'at-risk'
        : 'measured';
  return html`<svg class="share" viewBox="0 0 ${SHARE_WIDTH} 10" aria-hidden="true"><rect class="ground" y="3" width="${at(x(objectiveMs))}" height="4"/><rect class="${kind}" y="2" width="${at(Math.max(actualMs > 0 ? 2 : 0, x(actualMs)))}" height="6"/><rect class="end" x="${at(x(objectiveMs))}" width="2" height="10"/></svg>`;
}

const SPREAD_WIDTH = 160;

export interface Spread {
  readonly objectiveMs: number | null;
  readonly minMs: number | null;
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  readonly maxMs: number | null;
}

/**
 * The spread of a figure against its objective: a line from the smallest to the largest, a box up to the 95th percentile, a stroke at the
 * median. It repeats the figures beside it, so it is hidden from readers of the text.
 */
export function spreadBar({ objectiveMs, minMs, medianMs, p95Ms, maxMs }: Spread): Markup {
  if (objectiveMs === null || minMs === null || medianMs === null || p95Ms === null || maxMs === null) return nothing;
  const x = scaleLinear([0, Math.max(objectiveMs, maxMs, 1)], [1, SPREAD_WIDTH - 3]);
  const box = (fromMs: number, toMs: number) =>
    html`x="${at(x(fromMs))}" width="${at(Math.max(2, x(toMs) - x(fromMs)))}"`;
  const kind = maxMs > objectiveMs ? 'breached' : 'measured';
  return html`<svg class="share spread" viewBox="0 0 ${SPREAD_WIDTH} 12" aria-hidden="true"><rect class="ground" y="4" x="1" width="${at(x(objectiveMs) - 1)}" height="4"/><rect class="${kind}" y="5" ${box(minMs, maxMs)} height="2"/><rect class="${kind}" y="3" ${box(minMs, p95Ms)} height="6"/><rect class="median" x="${at(x(medianMs))}" y="1" width="2" height="10"/><rect class="end" x="${at(x(objectiveMs))}" width="2" height="12"/></svg>`;
}
