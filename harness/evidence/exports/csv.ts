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

const csvLine = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\r\n`;

function cellOf(value: ResultRow[keyof ResultRow]): string {
  if (value === null) return '';
  if (typeof value === 'string') return safeInSpreadsheet(value);
  return Array.isArray(value) ? safeInSpreadsheet(value.join('; ')) : String(value);
}

/**
 * A spreadsheet takes a text that begins with one of these for a formula, and runs it; an apostrophe before it keeps it a text
 * (https://owasp.org/www-community/attacks/CSV_Injection).
 */
const safeInSpreadsheet = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
