import { counted } from '../../model/text.ts';
import { promiseKey } from '../entry.ts';

/** Maximum number of drills in a history, including this one. */
export const THIS_MANY_RUNS = 30;
/** Maximum number of lanes, differences and list items. The page states how many are left out. */
export const LISTED = 12;
/** Maximum number of characters of a text from a record. */
const TEXT_LENGTH = 1_500;

/** Returns an id for a place on the page: stable from run to run, and safe in an address. */
export function anchorFor(kind: 'promise' | 'posture', ...names: readonly string[]): string {
  return [kind, ...names].map((name) => name.replaceAll(/[^A-Za-z0-9-]+/g, '_')).join('--');
}

/** Quotes a name for a shell, so `$` and quotes keep their meaning as text. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

export const drillCommand = (contract: string, target: string): string =>
  `npx dr-contracts drill --target ${shellWord(target)} --contract ${shellWord(contract)}`;

export const keyOf = (record: {
  readonly contract: { readonly name: string };
  readonly disaster: { readonly name: string };
}): string => promiseKey(record.contract.name, record.disaster.name);

export function cut(text: string, length = TEXT_LENGTH): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length)} … (${counted(text.length - length, 'more character')} in the record)`;
}
