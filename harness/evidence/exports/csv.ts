import { withoutControls } from '../../reporting/text.ts';
import type { ExportedRun } from './exported-run.ts';
import type { ResultGroup } from './result-groups.ts';
import { type ResultRow, resultRow, rowFields } from './result-row.ts';

/** CSV as RFC 4180 has it: a line of names, CRLF, quotes doubled. One line for each finding of each drill. */
export function* csvHead(): Generator<string> {
  yield csvLine(rowFields);
}

export function* csvLines(run: Pick<ExportedRun, 'runId'>, groups: readonly ResultGroup[]): Generator<string> {
  for (const group of groups) {
    for (const each of group.cases) {
      const row = resultRow(run.runId, group, each);
      yield csvLine(rowFields.map((field) => cellOf(row[field])));
    }
  }
}

/** One line of cells that {@link cellOf} made. */
export const csvLine = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\r\n`;

/** The text of a value: nothing for null, and no formula whatever a record says. */
export function cellOf(value: ResultRow[keyof ResultRow]): string {
  if (value === null) return '';
  if (typeof value === 'string') return plainText(value);
  return Array.isArray(value) ? plainText(value.join('; ')) : String(value);
}

/**
 * One line without control characters. A spreadsheet takes a text that begins with one of these signs, or with their full-width forms,
 * for a formula, and runs it; an apostrophe before it keeps it a text (https://owasp.org/www-community/attacks/CSV_Injection).
 */
function plainText(text: string): string {
  const shown = withoutControls(text);
  return /^\s*[=+\-@＝＋－＠]/u.test(shown) ? `'${shown}` : shown;
}

const quoted = (cell: string): string => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
