import Table from 'cli-table3';
import type { TerminalTraits } from './terminal.ts';
import { paletteFor, symbolsFor } from './terminal.ts';

export const COLUMN_GAP = '  ';

export interface ColumnOptions {
  /** Titles of the right-aligned columns. */
  readonly rightAligned?: readonly string[];
}

/** Renders a table with one rule below its head and no other lines, so that it is readable at any width and copies well. */
export function renderColumns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  traits: TerminalTraits,
  options: ColumnOptions = {},
): string {
  const { rule } = symbolsFor(traits);
  const palette = paletteFor(traits);
  const table = new Table({
    head: head.map((title) => palette.bold(title)),
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      right: '',
      'right-mid': '',
      mid: rule,
      'mid-mid': rule.repeat(COLUMN_GAP.length),
      middle: COLUMN_GAP,
    },
    colAligns: head.map((title) => (options.rightAligned?.includes(title) ? 'right' : 'left')),
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
