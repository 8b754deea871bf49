import { scaleLinear } from 'd3-scale';
import { AT_RISK_SHARE } from '../../../verdict/finding.ts';
import { html, type Markup, nothing } from '../markup.ts';
import type { Against } from '../page-view.ts';

/** Width of a chart in its own units. This is also its maximum width on screen, so its text keeps its size. */
export const WIDTH = 420;
/** Width of a character at the text size of charts, wide enough for the fonts that are used. */
const CHARACTER = 8.2;

interface ChartText {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** A description for readers who cannot see the chart. */
  readonly description: string;
  readonly height: number;
}

export const chart = ({ id, title, description, height }: ChartText, body: Markup | readonly Markup[]): Markup =>
  html`<svg class="chart" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>${body}</svg>`;

export const textWidth = (text: string): number => text.length * CHARACTER;

/** Cuts a text to a width; the full text is in the table beside the chart. */
export function fitted(text: string, width: number): string {
  const most = Math.max(1, Math.floor(width / CHARACTER));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** One decimal is finer than a screen shows. */
export const at = (value: number): string => String(Math.round(value * 10) / 10);

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((each) => each * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((each) => each * MINUTE),
  ...[1, 2, 3, 6, 12].map((each) => each * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((each) => each * DAY),
];

/** Ticks of an axis of time from 0: whole units, not whole thousands of milliseconds. */
export function durationTicks(mostMs: number, wanted = 4): number[] {
  const step = STEPS.find((each) => mostMs / each <= wanted) ?? mostMs;
  const ticks = [];
  for (let tick = 0; tick <= mostMs && ticks.length <= wanted + 1; tick += step) ticks.push(tick);
  return ticks;
}

/** A vertical line with its name above it. */
export function markLine(line: {
  readonly x: number;
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly kind: 'objective' | 'moment';
}): Markup {
  const { x, from, to, label, kind } = line;
  const width = textWidth(label) / 2;
  const anchor = x + width > WIDTH ? 'end' : x - width < 0 ? 'start' : 'middle';
  const textX = anchor === 'end' ? Math.min(x + 4, WIDTH) : anchor === 'start' ? Math.max(x - 4, 0) : x;
  return html`<line class="${kind}" x1="${at(x)}" x2="${at(x)}" y1="${from}" y2="${to}"/><text class="${kind}-label" x="${at(textX)}" y="${from - 4}" text-anchor="${anchor}">${label}</text>`;
}

const SHARE_WIDTH = 120;

/** A bar that shows the used share of an objective. It repeats the figures beside it, so it is hidden from screen readers. */
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

interface Spread {
  readonly objectiveMs: number | null;
  readonly minMs: number | null;
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  readonly maxMs: number | null;
}

/**
 * The spread of a figure against its objective: a line from the smallest to the largest, a box up to the 95th percentile, a stroke at the
 * median. It repeats the figures beside it, so it is hidden from screen readers.
 */
export function spreadBar({ objectiveMs, minMs, medianMs, p95Ms, maxMs }: Spread): Markup {
  if (objectiveMs === null || minMs === null || medianMs === null || p95Ms === null || maxMs === null) return nothing;
  const x = scaleLinear([0, Math.max(objectiveMs, maxMs, 1)], [1, SPREAD_WIDTH - 3]);
  const box = (fromMs: number, toMs: number) =>
    html`x="${at(x(fromMs))}" width="${at(Math.max(2, x(toMs) - x(fromMs)))}"`;
  const kind = maxMs > objectiveMs ? 'breached' : 'measured';
  return html`<svg class="share spread" viewBox="0 0 ${SPREAD_WIDTH} 12" aria-hidden="true"><rect class="ground" y="4" x="1" width="${at(x(objectiveMs) - 1)}" height="4"/><rect class="${kind}" y="5" ${box(minMs, maxMs)} height="2"/><rect class="${kind}" y="3" ${box(minMs, p95Ms)} height="6"/><rect class="median" x="${at(x(medianMs))}" y="1" width="2" height="10"/><rect class="end" x="${at(x(objectiveMs))}" width="2" height="12"/></svg>`;
}
