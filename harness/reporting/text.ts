import { stripVTControlCharacters } from 'node:util';

/** White space, except between a number and its unit: `2.8 s` is one word. */
const BETWEEN_WORDS = /\s+(?!(?<=\d\s)(?:ms|s|min|h|d|%)(?!\w))/;

/** Wraps a text to lines of at most `columns` characters, with later lines indented; a longer word keeps a line of its own. */
export function wrapWords(text: string, columns: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BETWEEN_WORDS).filter((each) => each !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    const room = columns - (lines.length === 0 ? 0 : indent.length);
    if (line !== '' && visibleLength(longer) > room) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  if (line !== '') lines.push(line);
  return lines.map((each, index) => (index === 0 ? each : `${indent}${each}`)).join('\n');
}

/**
 * Breaks a name like `secrets-and-configuration` after hyphens, so that no line is longer than `columns` if possible; a longer part stays
 * whole.
 */
export function wrapName(name: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of name.split(/(?<=[-_./])/)) {
    if (line !== '' && line.length + part.length > columns) {
      lines.push(line);
      line = '';
    }
    line += part;
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** Cuts to `columns` characters, including the ellipsis. The text must contain no colour codes. */
export function truncate(text: string, columns: number, ellipsis: string): string {
  const oneLine = text.replaceAll(/\s+/g, ' ').trim();
  if (oneLine.length <= columns) return oneLine;
  return columns <= ellipsis.length ? '' : `${oneLine.slice(0, columns - ellipsis.length)}${ellipsis}`;
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Joins names: `a`, `a and b`, `a, b and c`. */
export function inWords(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** Maximum length of a text in a cell; the report has the whole sentence. */
const CELL_CHARACTERS = 1_000;

/** Escapes a text for a table in GitHub's Markdown: no mark-up, mention or link in it takes effect. */
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

/** Formats a name as code. In GitHub's tables, bars need escaping even there. */
export function markdownCode(name: string): string {
  const whole = onOneLine(name);
  return whole.includes('`') || whole === '' ? markdownCell(whole) : `\`${whole.replaceAll('|', '\\|')}\``;
}

/**
 * Replaces each control character, and each mark that changes the direction of a text, with a space, so that no name can control a terminal
 * or a page.
 */
export const withoutControls = (text: string): string => text.toWellFormed().replaceAll(CONTROLS, ' ');

/** Does the same, but keeps line breaks. */
export const linesWithoutControls = (text: string): string => text.split('\n').map(withoutControls).join('\n');

/** Does the same on one line, and trims white space. */
export const onOneLine = (text: string): string => withoutControls(text).replaceAll(/\s+/g, ' ').trim();

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to replace.
const CONTROLS = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g;

/** Returns the value of an attribute in quotes. Line ends and tabs are escaped, because a parser would turn them into spaces. */
export const xmlAttribute = (text: string): string =>
  `"${xmlText(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`;

/** Returns the text of an element, without the characters that XML 1.0 forbids in any notation (https://www.w3.org/TR/xml/#charsets). */
export const xmlText = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(FORBIDDEN, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to leave out.
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;
