import { scaleLinear, scaleLog, scalePoint } from 'd3-scale';
import { area, line, symbol, symbolCircle, symbolCross, symbolDiamond, symbolSquare, symbolTriangle } from 'd3-shape';
import { counted } from '../../../model/text.ts';
import { formatDuration, formatSize } from '../../../model/units.ts';
import { html, type Markup, markWords } from '../markup.ts';
import type { HistoryView, LossesView, Mark, SizeView } from '../page-view.ts';
import { at, chart, durationTicks, fitted, markLine, textWidth, WIDTH } from './chart.ts';

const HISTORY_LEFT = 92;
const HISTORY_RIGHT = 16;
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

/** Above: RTA of each drill against the RTO, marked with its verdict. Below: the measured part of it, on a scale of its own. */
export function historyChart(id: string, view: HistoryView): Markup | undefined {
  const { runs, objectiveMs } = view;
  if (runs.length < 2) return undefined;
  const x = scalePoint(
    runs.map(({ runId }) => runId),
    [HISTORY_LEFT + 10, WIDTH - HISTORY_RIGHT],
  );
  const xOf = (runId: string) => x(runId) ?? HISTORY_LEFT;
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
    html`<text class="name" x="0" y="14">RTA and verdict</text><text class="tick" x="${HISTORY_LEFT - 6}" y="${at(y(objectiveMs) + 4)}" text-anchor="end">RTO ${formatDuration(objectiveMs)}</text><line class="objective" x1="${HISTORY_LEFT}" x2="${WIDTH}" y1="${at(y(objectiveMs))}" y2="${at(y(objectiveMs))}"/><line class="grid" x1="${HISTORY_LEFT}" x2="${WIDTH}" y1="${UPPER.bottom}" y2="${UPPER.bottom}"/><text class="tick" x="${HISTORY_LEFT - 6}" y="${UPPER.bottom + 4}" text-anchor="end">0 s</text>`,
    html`${runs.map(({ runId, mark, rtaMs, isThisRun }) => {
      const d = symbol(SYMBOLS[mark], isThisRun ? 110 : 60).digits(1)();
      return html`<path class="dot ${mark}" transform="translate(${at(xOf(runId))},${at(y(rtaMs ?? 0))})${mark === 'breached' ? ' rotate(45)' : ''}" d="${d ?? ''}"/>`;
    })}`,
    html`<text class="name" x="0" y="${LOWER.top - 10}">measured part</text><line class="grid" x1="${HISTORY_LEFT}" x2="${WIDTH}" y1="${LOWER.bottom}" y2="${LOWER.bottom}"/><line class="grid" x1="${HISTORY_LEFT}" x2="${WIDTH}" y1="${at(below(mostMeasured))}" y2="${at(below(mostMeasured))}"/><text class="tick" x="${HISTORY_LEFT - 6}" y="${at(below(mostMeasured) + 4)}" text-anchor="end">${formatDuration(mostMeasured)}</text><text class="tick" x="${HISTORY_LEFT - 6}" y="${LOWER.bottom + 4}" text-anchor="end">0 s</text><path class="fit" d="${path ?? ''}"/>${measured.map(({ runId, measuredMs }) => html`<circle class="point" cx="${at(xOf(runId))}" cy="${at(below(measuredMs ?? 0))}" r="3"/>`)}`,
    html`<text class="tick" x="${HISTORY_LEFT}" y="186">${day(first?.utc)}</text><text class="tick" x="${WIDTH}" y="186" text-anchor="end">${day(last?.utc)}</text>`,
  ]);
}

const day = (utc: string | undefined): string => (utc === undefined ? '' : `${utc.slice(0, 16).replace('T', ' ')} UTC`);

const LOSSES_LEFT = 8;
const LOSSES_RIGHT = 12;
const LOSSES_ROW = 38;
const LOSSES_BAR = 12;
/** Minimum distance between the names of two moments on one line. */
const APART = 8;

/** Each lane of markers from its first to its last acknowledgement, with recovered and lost markers. */
export function lossesChart(id: string, view: LossesView): Markup {
  const { lanes, cutOffMs, captureBeganMs } = view;
  const most = Math.max(1, cutOffMs, ...lanes.map(({ toMs }) => toMs)) * 1.02;
  const x = scaleLinear([0, most], [LOSSES_LEFT, WIDTH - LOSSES_RIGHT]);
  const disaster = 'disaster';
  const capture = 'backup began';
  const isClose =
    captureBeganMs !== null &&
    Math.abs(x(cutOffMs) - x(captureBeganMs)) < textWidth(disaster) + textWidth(capture) / 2 + APART;
  const top = isClose ? 40 : 24;
  const bottom = top + lanes.length * LOSSES_ROW + 2;
  const lost = lanes.reduce((sum, lane) => sum + lane.lost, 0);
  const acknowledged = lanes.reduce((sum, lane) => sum + lane.acknowledged, 0);
  const text = {
    id,
    title: `${lost} of ${acknowledged} acknowledged markers lost`,
    description: `${lanes.map(({ lane, lost: some, acknowledged: all }) => `${lane}: ${some} of ${all} lost`).join('; ')}. The disaster came ${formatDuration(cutOffMs)} after the first marker.`,
    height: bottom + 20,
  };
  return chart(text, [
    html`${durationTicks(most).map(
      (tick) =>
        html`<line class="grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${top}" y2="${bottom}"/><text class="tick" x="${at(x(tick))}" y="${bottom + 14}" text-anchor="${tick === 0 ? 'start' : 'middle'}">${formatDuration(tick)}</text>`,
    )}`,
    ...(captureBeganMs === null
      ? []
      : [markLine({ x: x(captureBeganMs), from: isClose ? 34 : 18, to: bottom, label: capture, kind: 'moment' })]),
    markLine({ x: x(cutOffMs), from: 18, to: bottom, label: disaster, kind: 'objective' }),
    ...lanes.map((lane, index) => laneRow(lane, top + index * LOSSES_ROW, x, x(cutOffMs) - 5)),
  ]);
}

type Scale = ReturnType<typeof scaleLinear<number, number>>;

function laneRow(lane: LossesView['lanes'][number], y: number, x: Scale, right: number): Markup {
  const { fromMs, toMs, keptUntilMs, lost, acknowledged, lostBeforeCapture } = lane;
  const counts = `${acknowledged - lost} of ${acknowledged} came back`;
  const turnMs = lost === 0 ? toMs : (keptUntilMs ?? fromMs);
  const [start, turn, end] = [x(fromMs), x(turnMs), x(toMs)];
  const barY = y + 20;
  return html`<text class="name" x="${LOSSES_LEFT}" y="${y + 14}">${fitted(lane.lane, right - LOSSES_LEFT - textWidth(counts) - 12)}</text><text class="value" x="${at(right)}" y="${y + 14}" text-anchor="end">${counts}</text>${
    turn > start
      ? html`<rect class="kept" x="${at(start)}" y="${barY}" width="${at(turn - start)}" height="${LOSSES_BAR}"/>`
      : ''
  }${
    lost === 0
      ? ''
      : html`<rect class="${lostBeforeCapture > 0 ? 'lost-bad' : 'lost'}" x="${at(turn)}" y="${barY}" width="${at(Math.max(2, end - turn))}" height="${LOSSES_BAR}"/>`
  }`;
}

const SIZES_LEFT = 84;
const SIZES_RIGHT = 14;
const TOP = 24;
const BOTTOM = 180;

/** The restore at several sizes with the line through it, its band, and the production size. Both axes are logarithmic. */
export function sizeChart(id: string, view: SizeView): Markup | undefined {
  const { fit, points, productionSizeBytes, sentence } = view;
  if (fit === null || productionSizeBytes === null) return undefined;
  const sizes = [...points.map(({ sizeBytes }) => sizeBytes), productionSizeBytes];
  const times = [...points.map(({ restoreMs }) => restoreMs), ...fit.curve.map(({ upperMs }) => upperMs)];
  const x = scaleLog([Math.min(...sizes) / 1.3, Math.max(...sizes) * 1.3], [SIZES_LEFT, WIDTH - SIZES_RIGHT]);
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
        html`<line class="grid" x1="${SIZES_LEFT}" x2="${WIDTH - SIZES_RIGHT}" y1="${at(y(ms))}" y2="${at(y(ms))}"/><text class="tick" x="${SIZES_LEFT - 6}" y="${at(y(ms) + 4)}" text-anchor="end">${formatDuration(ms)}</text>`,
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

/** Returns at most six whole powers within the domain: `base` to the power of a multiple of `every`. */
function powers([from = 1, to = 1]: number[], base: number, every: number): number[] {
  const all = [];
  const unit = base ** every;
  for (let value = unit ** Math.ceil(Math.log(from) / Math.log(unit)); value <= to; value *= unit) all.push(value);
  const skip = Math.ceil(all.length / 6);
  return all.filter((_, index) => index % skip === 0);
}
