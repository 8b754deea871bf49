import { scaleLinear, scalePoint } from 'd3-scale';
import { line, symbol, symbolCircle, symbolCross, symbolDiamond, symbolSquare, symbolTriangle } from 'd3-shape';
import { counted } from '../../../model/counted.ts';
import { formatDuration } from '../../../model/units.ts';
import { html, type Markup, markWords } from '../markup.ts';
import type { HistoryView, Mark } from '../page-view.ts';
import { at, chart, WIDTH } from './chart.ts';

const LEFT = 92;
const RIGHT = 16;
const UPPER = { top: 24, bottom: 86 };
const LOWER = { top: 120, bottom: 168 };
const SYMBOLS = {
  met: symbolCircle,
  'at-risk': symbolTriangle,
  breached: symbolCross,
  unproven: symbolDiamond,
  waived: symbolSquare,
  'not-run': symbolCircle,
} as const satisfies Readonly<Record<Mark, unknown>>;

/** Above: RTA of each drill against the RTO, marked with its verdict. Below: what was measured of it, on a scale of its own. */
export function historyChart(id: string, view: HistoryView): Markup | undefined {
  const { runs, objectiveMs } = view;
  if (runs.length < 2) return undefined;
  const x = scalePoint(
    runs.map(({ runId }) => runId),
    [LEFT + 10, WIDTH - RIGHT],
  );
  const xOf = (runId: string) => x(runId) ?? LEFT;
  const rtas = runs.map(({ rtaMs }) => rtaMs ?? 0);
  const y = scaleLinear([0, Math.max(objectiveMs, ...rtas) * 1.1], [UPPER.bottom, UPPER.top]);
  const measured = runs.filter(({ measuredMs }) => measuredMs !== null);
  const mostMeasured = Math.max(1, ...measured.map(({ measuredMs }) => measuredMs ?? 0));
  const below = scaleLinear([0, mostMeasured * 1.1], [LOWER.bottom, LOWER.top]);
  const path = line<(typeof measured)[number]>()
    .x(({ runId }) => xOf(runId))
    .y(({ measuredMs }) => below(measuredMs ?? 0))
    .digits(1)(measured);
  const [first] = runs;
  const last = runs.at(-1);
  const text = {
    id,
    title: `${counted(runs.length, 'drill')} of this promise`,
    description: runs
      .map(
        ({ utc, mark, rtaMs }) =>
          `${utc.slice(0, 16).replace('T', ' ')} ${markWords[mark]}${rtaMs === null ? '' : ` in ${formatDuration(rtaMs)}`}`,
      )
      .join('; '),
    height: 190,
  };
  return chart(text, [
    html`<text class="name" x="0" y="14">RTA and verdict</text><text class="tick" x="${LEFT - 6}" y="${at(y(objectiveMs) + 4)}" text-anchor="end">RTO ${formatDuration(objectiveMs)}</text><line class="objective" x1="${LEFT}" x2="${WIDTH}" y1="${at(y(objectiveMs))}" y2="${at(y(objectiveMs))}"/><line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${UPPER.bottom}" y2="${UPPER.bottom}"/><text class="tick" x="${LEFT - 6}" y="${UPPER.bottom + 4}" text-anchor="end">0 s</text>`,
    html`${runs.map(({ runId, mark, rtaMs, isThisRun }) => {
      const d = symbol(SYMBOLS[mark], isThisRun ? 110 : 60).digits(1)();
      return html`<path class="dot ${mark}" transform="translate(${at(xOf(runId))},${at(y(rtaMs ?? 0))})${mark === 'breached' ? ' rotate(45)' : ''}" d="${d ?? ''}"/>`;
    })}`,
    html`<text class="name" x="0" y="${LOWER.top - 10}">measured part</text><line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${LOWER.bottom}" y2="${LOWER.bottom}"/><line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${at(below(mostMeasured))}" y2="${at(below(mostMeasured))}"/><text class="tick" x="${LEFT - 6}" y="${at(below(mostMeasured) + 4)}" text-anchor="end">${formatDuration(mostMeasured)}</text><text class="tick" x="${LEFT - 6}" y="${LOWER.bottom + 4}" text-anchor="end">0 s</text><path class="fit" d="${path ?? ''}"/>${measured.map(({ runId, measuredMs }) => html`<circle class="point" cx="${at(xOf(runId))}" cy="${at(below(measuredMs ?? 0))}" r="3"/>`)}`,
    html`<text class="tick" x="${LEFT}" y="186">${day(first?.utc)}</text><text class="tick" x="${WIDTH}" y="186" text-anchor="end">${day(last?.utc)}</text>`,
  ]);
}

const day = (utc: string | undefined): string => (utc === undefined ? '' : `${utc.slice(0, 16).replace('T', ' ')} UTC`);
