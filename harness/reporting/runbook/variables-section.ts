import type { DrillRecord } from '../../model/record.ts';

/** A variable that the steps of a contract need. */
export interface ExplainedVariable {
  readonly name: string;
  readonly meaning: string;
  /** A shell word; empty when it must be filled in. */
  readonly obtain: string;
}

/** A shell block in which every variable is explained and set, or left to be filled in. */
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

/** Reads what {@link variablesBlock} wrote. */
export function parseVariables(lines: readonly string[]): readonly ExplainedVariable[] {
  return lines.flatMap((line, index) => {
    const exported = EXPORTED.exec(lines[index + 1] ?? '')?.groups;
    if (!line.startsWith('# ') || exported === undefined) return [];
    const { name = '', obtain = '' } = exported;
    return [{ name, meaning: line.slice(2), obtain }];
  });
}

/** The variables of a drill that its section names. */
export function variablesIn(section: readonly string[], { recovery }: DrillRecord): readonly ExplainedVariable[] {
  const names = namesIn(section);
  return (recovery?.variables ?? [])
    .filter(({ name }) => names.includes(name))
    .map(({ name, meaning, obtain = '' }) => ({ name, meaning: meaning.replaceAll(/\s+/g, ' '), obtain }));
}

const NAMED = '**Set first:** ';

export const variablesLine = (names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${NAMED}${names.map((name) => `\`${name}\``).join(', ')}`, ''];

/** The names that {@link variablesLine} put into a section. */
export const namesIn = (section: readonly string[]): readonly string[] =>
  section.filter((line) => line.startsWith(NAMED)).flatMap((line) => line.match(/(?<=`)\w+(?=`)/g) ?? []);

function merge(variables: readonly ExplainedVariable[]): readonly ExplainedVariable[] {
  const merged = new Map(variables.map((each) => [`${each.name}\n${each.meaning}\n${each.obtain}`, each]));
  // A value may be made of another variable, which then has to come first.
  const uses = ({ obtain }: ExplainedVariable) => (obtain.includes('$') ? 1 : 0);
  const order = ({ name, meaning }: ExplainedVariable) => `${name} ${meaning}`;
  return [...merged.values()].toSorted((one, other) => uses(one) - uses(other) || (order(one) < order(other) ? -1 : 1));
}
