import { stripVTControlCharacters } from 'node:util';

/** White space, but for the one between a number and its unit: `2.8 s` is one word. */
const BETWEEN_WORDS = /\s+(?!(?<=\d\s)(?:ms|s|min|h|d|%)(?!\w))/;

/** The text on lines of at most `columns` characters, later lines indented; a word longer than a line keeps its own line. */
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

/** Breaks a name like `secrets-and-configuration` after hyphens, so that no line is longer than `columns` if that can be; a part longer than that stays whole. */
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

/** Cuts to `columns` characters, the last of them the ellipsis. The text must carry no colour. */
export function truncate(text: string, columns: number, ellipsis: string): string {
  const oneLine = text.replaceAll(/\s+/g, ' ').trim();
  if (oneLine.length <= columns) return oneLine;
  return columns <= ellipsis.length ? '' : `${oneLine.slice(0, columns - ellipsis.length)}${ellipsis}`;
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** `a`, `a and b`, `a, b and c`. */
export function inWords(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
