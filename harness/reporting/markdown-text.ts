import { onOneLine } from './plain-text.ts';

/** A text longer than this is cut: the report has the whole sentence. */
const CELL_CHARACTERS = 1_000;

/** Text inside a table of GitHub's Markdown: no mark-up, mention or link of a name or a sentence becomes part of the page. */
export function markdownCell(text: string): string {
  const whole = onOneLine(text);
  const short = whole.length > CELL_CHARACTERS ? `${whole.slice(0, CELL_CHARACTERS).toWellFormed()}…` : whole;
  return short
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\|*_[\]`~!]/g, '\\$&')
    .replaceAll(/[@#](?=\w)/g, '$&\u200B')
    .replaceAll(/\b(https?|ftp):(?=\/\/)|\bwww(?=\.)/g, '$&\u200B');
}

/** A name as code. GitHub's tables need their bars escaped even there. */
export function markdownCode(name: string): string {
  const whole = onOneLine(name);
  return whole.includes('`') || whole === '' ? markdownCell(whole) : `\`${whole.replaceAll('|', '\\|')}\``;
}
