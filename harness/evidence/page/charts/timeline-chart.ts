import { scaleLinear } from 'd3-scale';
import { addedPart, formatDuration } from '../../../model/units.ts';
import { html, type Markup } from '../markup.ts';
import type { TimelineView } from '../page-view.ts';
import { at, chart, durationTicks, fitted, markLine, textWidth, WIDTH } from './chart.ts';

const LEFT = 110;
const RIGHT = 30;
const TOP = 24;
const ROW = 24;
const BAR = 14;

/** The phases of RTA one below the other, each beginning where the one before ended, with the RTO as a line. */
export function timelineChart(id: string, view: TimelineView): Markup {
  const { phases, objectiveMs, totalMs, atLeast } = view;
  const most = Math.max(objectiveMs, totalMs) * 1.03;
  const x = scaleLinear([0, most], [LEFT, WIDTH - RIGHT]);
  const bottom = TOP + phases.length * ROW + 4;
  let beganMs = 0;
  const rows = phases.map((phase, index) => {
    const from = beganMs;
    beganMs += phase.measuredMs + phase.addedMs;
    return phaseRow({ ...phase, fromMs: from }, TOP + index * ROW, x);
  });
  const took = `${atLeast ? 'more than ' : ''}${formatDuration(totalMs)}`;
  const parts = phases
    .filter(({ measuredMs, addedMs }) => measuredMs + addedMs > 0)
    .map(({ name, measuredMs, addedMs }) => `${name} ${formatDuration(measuredMs + addedMs)}`);
  const text = {
    id,
    title: `Recovery in ${took}, promised within ${formatDuration(objectiveMs)}`,
    description: `Phases in their order: ${parts.join(', ')}.`,
    height: bottom + 20,
  };
  return chart(text, [
    axis(x, most, bottom),
    ...rows,
    markLine({
      x: x(objectiveMs),
      from: TOP - 6,
      to: bottom,
      label: `RTO ${formatDuration(objectiveMs)}`,
      kind: 'objective',
    }),
  ]);
}

type Scale = ReturnType<typeof scaleLinear<number, number>>;

const axis = (x: Scale, most: number, y: number): Markup =>
  html`${durationTicks(most).map(
    (tick) =>
      html`<line class="grid" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="${TOP - 6}" y2="${y}"/><text class="tick" x="${at(x(tick))}" y="${y + 14}" text-anchor="middle">${formatDuration(tick)}</text>`,
  )}`;

type Phase = TimelineView['phases'][number] & { readonly fromMs: number };

function phaseRow(phase: Phase, y: number, x: Scale): Markup {
  const { fromMs, measuredMs, addedMs, outcome } = phase;
  const barY = y + (ROW - BAR) / 2;
  const [start, middle, end] = [x(fromMs), x(fromMs + measuredMs), x(fromMs + measuredMs + addedMs)];
  const isNone = measuredMs + addedMs === 0;
  // A phase of a second in a promise of an hour must stay visible.
  const measured = isNone || measuredMs === 0 ? undefined : Math.max(2, middle - start);
  const added = addedMs === 0 ? undefined : Math.max(2, end - middle);
  const amount = [
    ...(measuredMs > 0 || addedMs === 0 ? [formatDuration(measuredMs)] : []),
    ...(addedMs > 0 ? [addedPart(phase)] : []),
  ].join(' + ');
  const label = `${amount}${outcome === 'completed' ? '' : `, ${outcome}`}`;
  const last = Math.max(end, start + (measured ?? 0) + (added ?? 0));
  const isRoom = last + 6 + textWidth(label) < WIDTH;
  const textX = isRoom ? last + 6 : start - 6;
  return html`<text class="name" x="${LEFT - 8}" y="${at(y + ROW / 2 + 4)}" text-anchor="end">${fitted(phase.name, LEFT)}</text>${
    measured === undefined
      ? ''
      : html`<rect class="${outcome === 'completed' ? 'measured' : 'unfinished'}" x="${at(start)}" y="${barY}" width="${at(measured)}" height="${BAR}"/>`
  }${
    added === undefined
      ? ''
      : html`<rect class="budgeted" x="${at(Math.max(middle, start + (measured ?? 0)))}" y="${barY}" width="${at(added)}" height="${BAR}"/>`
  }<text class="value" x="${at(textX)}" y="${at(y + ROW / 2 + 4)}" text-anchor="${isRoom ? 'start' : 'end'}">${label}</text>`;
}
