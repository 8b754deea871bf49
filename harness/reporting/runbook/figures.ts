import { escaped } from './recorded-text.ts';

// A runbook states what was measured, and no two drills measure the same. So a figure is marked while the text is made: the mark goes
// when it is written, and when it is compared, the figure may be any other of its kind and everything around it must be the same.

const FIGURES = {
  duration: String.raw`(?:\d+(?:\.\d+)? (?:ms|s|min|h|d)(?: \d+ (?:s|min|h))?)`,
  count: String.raw`\d[\d,]*`,
  time: String.raw`\d{4}-\d\d-\d\d \d\d:\d\d UTC`,
  target: '[a-z]+',
  commit: '[0-9a-f]{7}(?: with changes)?|unknown',
  digest: '[0-9a-f]{12}',
} as const;
export type FigureKind = keyof typeof FIGURES;

const OPEN = '\uE000';
const MIDDLE = '\uE001';
const CLOSE = '\uE002';
const MARKED = new RegExp(`${OPEN}(\\w+)${MIDDLE}([^${CLOSE}]*)${CLOSE}`, 'g');

export const figure = (kind: FigureKind, text: string): string => `${OPEN}${kind}${MIDDLE}${text}${CLOSE}`;

/** The text as it is read. */
export const shown = (marked: string): string => marked.replaceAll(MARKED, '$2');

/** Whether a line says the same as the marked one, figures aside. */
export function saysTheSame(marked: string, line: string): boolean {
  let pattern = '';
  let end = 0;
  for (const match of marked.matchAll(MARKED)) {
    pattern += `${escaped(marked.slice(end, match.index))}(?:${patternOf(match[1])})`;
    end = match.index + match[0].length;
  }
  pattern += escaped(marked.slice(end));
  return new RegExp(`^${pattern}$`, 'u').test(line);
}

function patternOf(kind: string | undefined): string {
  const found = Object.entries(FIGURES).find(([name]) => name === kind);
  if (found === undefined) throw new Error(`unknown kind of figure: ${kind}`);
  return found[1];
}
