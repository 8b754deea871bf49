import type { IBufferCell, Terminal } from '@xterm/headless';

/** Adjacent characters of a line with the same style. */
interface Span {
  readonly column: number;
  readonly text: string;
  readonly colour: string;
  readonly isBold: boolean;
}

/** One line of a terminal, without the blanks at its end. */
export type Line = readonly Span[];

/** Colours on a dark background, each with a contrast of at least 4.5 to 1. */
export const GROUND = '#0d1117';
const USUAL = '#c9d1d9';
const DIM = '#8b949e';
/** By number of the terminal's palette: black, red, green, yellow, blue, magenta, cyan, white. */
const PALETTE = [DIM, '#f85149', '#3fb950', '#d29922', '#58a6ff', '#bc8cff', '#39c5cf', USUAL];

/** Returns the content of the terminal, including the lines that have scrolled off at the top. */
export function linesOf(terminal: Terminal): readonly Line[] {
  const { active } = terminal.buffer;
  const lines: Line[] = [];
  for (let row = 0; row < active.length; row += 1) {
    const line = active.getLine(row);
    const spans: Span[] = [];
    for (let column = 0; column < terminal.cols; column += 1) {
      const cell = line?.getCell(column);
      if (cell === undefined || cell.getWidth() === 0) continue;
      const look = { colour: colourOf(cell), isBold: cell.isBold() !== 0 };
      const text = cell.getChars() === '' ? ' ' : cell.getChars();
      const last = spans.at(-1);
      if (last !== undefined && last.colour === look.colour && last.isBold === look.isBold) {
        spans[spans.length - 1] = { ...last, text: last.text + text };
      } else {
        spans.push({ column, text, ...look });
      }
    }
    lines.push(withoutBlankEnd(spans));
  }
  while (lines.length > 0 && lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

function colourOf(cell: IBufferCell): string {
  const colour = cell.isFgPalette() ? (PALETTE[cell.getFgColor() % PALETTE.length] ?? USUAL) : USUAL;
  return cell.isDim() !== 0 && colour === USUAL ? DIM : colour;
}

/** Blanks have no visible style, so those between two styles belong to either. */
function withoutBlankEnd(spans: readonly Span[]): Line {
  const kept = [...spans];
  for (;;) {
    const last = kept.pop();
    if (last === undefined) return [];
    const text = last.text.trimEnd();
    if (text !== '') return [...kept, { ...last, text }];
  }
}
