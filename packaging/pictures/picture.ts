import { GROUND, type Line } from './screen.ts';

const COLUMN_PX = 8.43;
const ROW_PX = 19;
const MARGIN_PX = 20;
const FONT_PX = 14;
const FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";

/** Content of a terminal from a moment on. */
export interface Frame {
  readonly atMs: number;
  readonly lines: readonly Line[];
}

/** A line's stay in a row; without an end it is part of the last frame. */
interface Stay {
  readonly row: number;
  readonly line: Line;
  readonly fromMs: number;
  readonly untilMs: number | undefined;
}

/**
 * Draws a terminal as SVG without scripts, fonts or other external content, so that code forges show it. The picture has its own
 * background, so it looks the same on a light and on a dark page.
 *
 * Several frames play once and end on the last one. Where nothing is animated (a printed page, a viewer without CSS, a reader who prefers
 * no motion), only the last frame is shown.
 * @param label text for a screen reader.
 */
export function pictureOf(frames: readonly Frame[], label: string): string {
  const rows = Math.max(1, ...frames.map(({ lines }) => lines.length));
  const columns = Math.max(1, ...frames.flatMap(({ lines }) => lines.map(widthOf)));
  const width = Math.ceil(2 * MARGIN_PX + columns * COLUMN_PX);
  const height = 2 * MARGIN_PX + rows * ROW_PX;
  const stays = staysOf(frames);
  const isMoving = stays.some(({ fromMs, untilMs }) => fromMs > 0 || untilMs !== undefined);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}">`,
    ...(isMoving ? [STYLE] : []),
    `<rect width="100%" height="100%" rx="8" fill="${GROUND}"/>`,
    `<g font-family="${FONT}" font-size="${FONT_PX}">`,
    ...stays.map(textOf),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** `w`: appears at its time, and stays. `p`: is visible for some time; without animation it is never shown. */
const STYLE = `<style>
.p{visibility:hidden}
@media (prefers-reduced-motion:no-preference){.w{animation:w backwards}.p{animation:p}}
@keyframes w{from,to{visibility:hidden}}
@keyframes p{from,to{visibility:visible}}
</style>`;

const widthOf = (line: Line): number =>
  line.reduce((most, { column, text }) => Math.max(most, column + text.length), 0);

/** Returns each line's stay, from the frame in which it enters its row to the one in which another line replaces it. */
function staysOf(frames: readonly Frame[]): readonly Stay[] {
  const ended: Stay[] = [];
  let open: readonly (Stay | undefined)[] = [];
  for (const { atMs, lines } of frames) {
    const rows = Math.max(open.length, lines.length);
    open = Array.from({ length: rows }, (_, row) => {
      const stays = open[row];
      const line = lines[row] ?? [];
      if (stays !== undefined && isSame(stays.line, line)) return stays;
      if (stays !== undefined) ended.push({ ...stays, untilMs: atMs });
      return line.length === 0 ? undefined : { row, line, fromMs: atMs, untilMs: undefined };
    });
  }
  return [...ended, ...open.filter((stay) => stay !== undefined)].toSorted(
    (one, other) => one.row - other.row || one.fromMs - other.fromMs,
  );
}

const isSame = (one: Line, other: Line): boolean => JSON.stringify(one) === JSON.stringify(other);

function textOf({ row, line, fromMs, untilMs }: Stay): string {
  const y = MARGIN_PX + FONT_PX + row * ROW_PX;
  const spans = line.map(({ column, text, colour, isBold }) => {
    const x = MARGIN_PX + column * COLUMN_PX;
    return `<tspan x="${Number(x.toFixed(1))}" fill="${colour}"${isBold ? ' font-weight="bold"' : ''}>${escaped(text)}</tspan>`;
  });
  return `<text y="${y}" xml:space="preserve"${timing(fromMs, untilMs)}>${spans.join('')}</text>`;
}

function timing(fromMs: number, untilMs: number | undefined): string {
  if (untilMs !== undefined)
    return ` class="p" style="animation-duration:${untilMs - fromMs}ms;animation-delay:${fromMs}ms"`;
  return fromMs === 0 ? '' : ` class="w" style="animation-duration:${fromMs}ms"`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
