import { scaleLinear } from 'd3-scale';
import { formatDuration } from '../../../model/units.ts';
import { html, type Markup } from '../markup.ts';
import type { LossesView } from '../page-view.ts';
import { at, chart, durationTicks, fitted, markLine, textWidth, WIDTH } from './chart.ts';

const LEFT = 8;
const RIGHT = 12;
const ROW = 38;
const BAR = 12;
/** Both names of the moments on one line need as much. */
const APART = 8;

/** Each lane of markers from its first to its last acknowledgement: what came back, and what did not. */
export function lossesChart(id: string, view: LossesView): Markup {
  const { lanes, cutOffMs, captureBeganMs } = view;
  const most = Math.max(1, cutOffMs, ...lanes.map(({ toMs }) => toMs)) * 1.02;
  const x = scaleLinear([0, most], [LEFT, WIDTH - RIGHT]);
  const disaster = 'disaster';
  const capture = 'backup began';
  const isClose =
    captureBeganMs !== null &&
    Math.abs(x(cutOffMs) - x(captureBeganMs)) < textWidth(disaster) + textWidth(capture) / 2 + APART;
  const top = isClose ? 40 : 24;
  const bottom = top + lanes.length * ROW + 2;
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
    ...lanes.map((lane, index) => laneRow(lane, top + index * ROW, x, x(cutOffMs) - 5)),
  ]);
}

type Scale = ReturnType<typeof scaleLinear<number, number>>;

function laneRow(lane: LossesView['lanes'][number], y: number, x: Scale, right: number): Markup {
  const { fromMs, toMs, keptUntilMs, lost, acknowledged, lostBeforeCapture } = lane;
  const counts = `${acknowledged - lost} of ${acknowledged} came back`;
  const turnMs = lost === 0 ? toMs : (keptUntilMs ?? fromMs);
  const [start, turn, end] = [x(fromMs), x(turnMs), x(toMs)];
  const barY = y + 20;
  return html`<text class="name" x="${LEFT}" y="${y + 14}">${fitted(lane.lane, right - LEFT - textWidth(counts) - 12)}</text><text class="value" x="${at(right)}" y="${y + 14}" text-anchor="end">${counts}</text>${
    turn > start
      ? html`<rect class="kept" x="${at(start)}" y="${barY}" width="${at(turn - start)}" height="${BAR}"/>`
      : ''
  }${
    lost === 0
      ? ''
      : html`<rect class="${lostBeforeCapture > 0 ? 'lost-bad' : 'lost'}" x="${at(turn)}" y="${barY}" width="${at(Math.max(2, end - turn))}" height="${BAR}"/>`
  }`;
}
