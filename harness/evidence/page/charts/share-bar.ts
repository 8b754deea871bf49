import { scaleLinear } from 'd3-scale';
import { AT_RISK_SHARE } from '../../../verdict/thresholds.ts';
import { html, type Markup } from '../markup.ts';
import type { Against } from '../page-view.ts';
import { at } from './chart.ts';

const WIDTH = 120;

/** How much of an objective was used. It repeats the figures beside it, so it is hidden from readers of the text. */
export function shareBar({ objectiveMs, actualMs }: Against): Markup {
  if (actualMs === null || objectiveMs === 0) return html``;
  const most = Math.max(objectiveMs, actualMs, 1);
  const x = scaleLinear([0, most], [0, WIDTH - 2]);
  const kind =
    actualMs > objectiveMs
      ? 'breached'
      : actualMs > AT_RISK_SHARE * objectiveMs && actualMs > 0
        ? 'at-risk'
        : 'measured';
  return html`<svg class="share" viewBox="0 0 ${WIDTH} 10" aria-hidden="true"><rect class="ground" y="3" width="${at(x(objectiveMs))}" height="4"/><rect class="${kind}" y="2" width="${at(Math.max(actualMs > 0 ? 2 : 0, x(actualMs)))}" height="6"/><rect class="end" x="${at(x(objectiveMs))}" width="2" height="10"/></svg>`;
}
