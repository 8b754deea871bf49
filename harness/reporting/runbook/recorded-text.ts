import type { DrillRecord } from '../../model/record.ts';

/** Text of a record without what belonged to that one drill: values of variables become `$NAME`, its id goes. */
export function withoutDrill(text: string, { drillId, recovery }: DrillRecord): string {
  const variables = (recovery?.variables ?? [])
    .flatMap(({ name, value }) => (value?.includes(drillId) === true ? [{ name, value }] : []))
    .toSorted((one, other) => other.value.length - one.value.length);
  const named = variables.reduce((left, { name, value }) => left.replaceAll(value, `$${name}`), text);
  return named.replaceAll(new RegExp(`[-_.]?${escaped(drillId)}(?=[-_.]?)`, 'g'), '');
}

/** Fit to stand in a regular expression, for itself. */
export const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** "a, b and c". */
export function listed(parts: readonly string[]): string {
  const [last = '', ...before] = parts.toReversed();
  return before.length === 0 ? last : `${before.toReversed().join(', ')} and ${last}`;
}

/** Fit for a cell of a Markdown table. */
export const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');

export const sentence = (text: string): string => {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?:]$/.test(begun) ? begun : `${begun}.`;
};
