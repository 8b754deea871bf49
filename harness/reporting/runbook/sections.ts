import type { DrillRecord } from '../../model/record.ts';

/** A heading with the lines below it, up to the next heading of any level. */
export interface Section {
  readonly title: string;
  readonly heading: string;
  /** Lines without empty ones at the ends, and never two empty ones in a row. */
  readonly lines: readonly string[];
}

/** Splits a Markdown text at its headings, except those in code blocks. */
export function parseSections(markdown: string): readonly Section[] {
  const sections: { title: string; heading: string; lines: string[] }[] = [];
  let isCode = false;
  for (const line of markdown.split(/\r?\n/)) {
    if (line.trimStart().startsWith('```')) isCode = !isCode;
    const title = isCode ? undefined : /^#{1,6} (.*)$/.exec(line)?.[1];
    if (title === undefined) sections.at(-1)?.lines.push(line);
    else sections.push({ title: title.trim(), heading: line, lines: [] });
  }
  return sections.map((section) => ({ ...section, lines: trimmed(section.lines) }));
}

/** Removes empty lines at the ends, and reduces several empty lines to one. */
export function trimmed(lines: readonly string[]): readonly string[] {
  const isText = (line: string) => line.trim() !== '';
  return lines
    .slice(Math.max(0, lines.findIndex(isText)), lines.findLastIndex(isText) + 1)
    .filter((line, index, all) => isText(line) || isText(all[index - 1] ?? ''));
}

/** Removes details of a single drill from a record's text: values of variables become `$NAME`, and the drill's id is removed. */
export function withoutDrill(text: string, { drillId, recovery }: DrillRecord): string {
  const variables = (recovery?.variables ?? [])
    .flatMap(({ name, value }) => (value?.includes(drillId) === true ? [{ name, value }] : []))
    .toSorted((one, other) => other.value.length - one.value.length);
  const named = variables.reduce((left, { name, value }) => left.replaceAll(value, `$${name}`), text);
  return named.replaceAll(new RegExp(`[-_.]?${escaped(drillId)}(?=[-_.]?)`, 'g'), '');
}

/** Escapes a text for a regular expression. */
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** Joins parts: "a, b and c". */
export function listed(parts: readonly string[]): string {
  const [last = '', ...before] = parts.toReversed();
  return before.length === 0 ? last : `${before.toReversed().join(', ')} and ${last}`;
}

/** Escapes a text for a cell of a Markdown table. */
export const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');

export const sentence = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?:]$/.test(begun) ? begun : `${begun}.`;
};

// A runbook contains measured figures, which differ in every drill. So the text is made with marked figures. Writing removes the marks. In
// a comparison, a marked figure may have any value of its kind, and the text around it must be the same.

const FIGURES = {
  duration: String.raw`(?:\d+(?:\.\d+)? (?:ms|s|min|h|d)(?: \d+ (?:s|min|h))?)`,
  count: String.raw`\d[\d,]*`,
  time: String.raw`\d{4}-\d\d-\d\d \d\d:\d\d UTC`,
  target: '[a-z]+',
  commit: '[0-9a-f]{7}(?: with changes)?|unknown',
  digest: '[0-9a-f]{12}',
} as const;
type FigureKind = keyof typeof FIGURES;

const OPEN = '\uE000';
const MIDDLE = '\uE001';
const CLOSE = '\uE002';
const MARKED = new RegExp(`${OPEN}(\\w+)${MIDDLE}([^${CLOSE}]*)${CLOSE}`, 'g');

export const figure = (kind: FigureKind, text: string): string => `${OPEN}${kind}${MIDDLE}${text}${CLOSE}`;

/** Returns the text without marks. */
export const shown = (marked: string): string => marked.replaceAll(MARKED, '$2');

/** Returns whether a line equals the marked one, apart from figures. */
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

/** A variable that the steps of a contract need. */
export interface ExplainedVariable {
  readonly name: string;
  readonly meaning: string;
  /** A shell word; empty if the reader must fill it in. */
  readonly obtain: string;
}

/** Renders a shell block in which every variable is explained and set, or left for the reader to fill in. */
export function variablesBlock(variables: readonly ExplainedVariable[]): string[] {
  const merged = merge(variables);
  if (merged.length === 0) return [];
  return [
    'Fill this in and run it first, as far as your steps name it:',
    '',
    '```sh',
    ...merged.flatMap(({ name, meaning, obtain }) => [`# ${meaning}`, `export ${name}=${obtain}`]),
    '```',
    '',
  ];
}

const EXPORTED = /^export (?<name>\w+)=(?<obtain>.*)$/;

/** Parses the output of {@link variablesBlock}. */
export function parseVariables(lines: readonly string[]): readonly ExplainedVariable[] {
  return lines.flatMap((line, index) => {
    const exported = EXPORTED.exec(lines[index + 1] ?? '')?.groups;
    if (!line.startsWith('# ') || exported === undefined) return [];
    const { name = '', obtain = '' } = exported;
    return [{ name, meaning: line.slice(2), obtain }];
  });
}

/** Returns the variables of a drill that its section names. */
export function variablesIn(section: readonly string[], { recovery }: DrillRecord): readonly ExplainedVariable[] {
  const names = namesIn(section);
  return (recovery?.variables ?? [])
    .filter(({ name }) => names.includes(name))
    .map(({ name, meaning, obtain = '' }) => ({ name, meaning: meaning.replaceAll(/\s+/g, ' '), obtain }));
}

const NAMED = '**Set first:** ';

export const variablesLine = (names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${NAMED}${names.map((name) => `\`${name}\``).join(', ')}`, ''];

/** Returns the names that {@link variablesLine} put into a section. */
export const namesIn = (section: readonly string[]): readonly string[] =>
  section.filter((line) => line.startsWith(NAMED)).flatMap((line) => line.match(/(?<=`)\w+(?=`)/g) ?? []);

function merge(variables: readonly ExplainedVariable[]): readonly ExplainedVariable[] {
  const merged = new Map(variables.map((each) => [`${each.name}\n${each.meaning}\n${each.obtain}`, each]));
  // A value may use another variable, which then has to come first.
  const uses = ({ obtain }: ExplainedVariable) => (obtain.includes('$') ? 1 : 0);
  const order = ({ name, meaning }: ExplainedVariable) => `${name} ${meaning}`;
  return [...merged.values()].toSorted((one, other) => uses(one) - uses(other) || (order(one) < order(other) ? -1 : 1));
}
