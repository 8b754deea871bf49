import { edgesOf, rangesWith } from './address-ranges.ts';
import { instancesOf, type Variables, withVariables } from './patterns.ts';
import type { Condition } from './policy-document.ts';

/** Value of a condition key in a request; undefined if the request lacks the key. */
export type KeyValue = string | readonly string[] | undefined;

/** A value that no policy names. */
const OTHER_TEXT = 'something-else';
const OTHER_ARN = 'arn:aws:iam::999999999999:role/something-else';
const OTHER_ADDRESSES = ['198.51.100.7', '203.0.113.9', '2001:db8::7'];
const SECOND_MS = 1_000;
/** Its beginning differs from all other samples. */
const OTHER_WORD = 'q7';

/**
 * Returns values of one key that fulfil its conditions, and values that do not: the named ones, their neighbours, and no value. No value
 * comes first, because it demands least of a request.
 */
export function valuesToTry(
  conditions: readonly Condition[],
  variables: Variables,
  nowMs: number,
): readonly KeyValue[] {
  const found = new Map<string, KeyValue>([['', undefined]]);
  const add = (value: KeyValue) => void found.set(JSON.stringify(value), value);
  for (const condition of conditions) {
    const named = condition.values.flatMap((value) => near(condition.operator, value, variables, nowMs));
    for (const value of named) add(condition.isSetOperator ? [value] : value);
    const others = beside(condition.operator);
    for (const value of others) add(condition.isSetOperator ? [value] : value);
    if (!condition.isSetOperator) continue;
    if (named.length > 1) add(named);
    for (const other of others) add([...named, other]);
  }
  const all = [...found.values()];
  const isOfRanges = conditions.every(({ operator }) => /IpAddress$|^Null$/i.test(operator));
  return isOfRanges ? oneOfEachPart(all, conditions) : all;
}

/** Keeps the first of the addresses in the same ranges; the others have the same decision. */
function oneOfEachPart(all: readonly KeyValue[], conditions: readonly Condition[]): readonly KeyValue[] {
  const ranges = conditions.flatMap(({ values }) => values);
  const parts = new Map<string, KeyValue>();
  for (const value of all) {
    const lies = typeof value === 'string' ? rangesWith(value, ranges) : undefined;
    const part = JSON.stringify(lies ?? value ?? null);
    if (!parts.has(part)) parts.set(part, value);
  }
  return [...parts.values()];
}

/** Keys that carry the time of a request; every request has them. */
export const isTimeKey = (key: string): boolean => /^aws:(currenttime|epochtime)$/i.test(key);

/** Parses a time as a condition writes it: seconds since 1970, or ISO 8601. Undefined for other texts. */
export function timeMsOf(value: KeyValue): number | undefined {
  if (typeof value !== 'string') return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Returns now, then the times around each bound, as the conditions write them. */
export function timesToTry(conditions: readonly Condition[], nowMs: number): readonly string[] {
  const written = conditions.flatMap(({ values }) => values);
  const bounds = written.flatMap((value) => timeMsOf(value) ?? []);
  const inSeconds = bounds.length > 0 && written.every((value) => timeMsOf(value) === undefined || /^\d+$/.test(value));
  const times = [nowMs, ...bounds.flatMap((at) => [at - SECOND_MS, at, at + SECOND_MS])];
  return times.map((ms) => (inSeconds ? String(Math.floor(ms / 1_000)) : new Date(ms).toISOString()));
}

/** Returns the value of a condition, and its neighbours on both sides if it is a bound. */
function near(operator: string, value: string, variables: Variables, nowMs: number): readonly string[] {
  if (/^Null$/i.test(operator)) return ['present'];
  if (/^Bool/i.test(operator)) return ['true', 'false'];
  if (/^Numeric/i.test(operator)) {
    const number = Number(value);
    return Number.isNaN(number) ? [value] : [number - 1, number, number + 1].map(String);
  }
  if (/^Date/i.test(operator)) {
    const at = Date.parse(value);
    const times = Number.isNaN(at) ? [nowMs] : [at - SECOND_MS, at, at + SECOND_MS, nowMs];
    return times.map((time) => new Date(time).toISOString());
  }
  if (/IpAddress$/i.test(operator)) return edgesOf(value);
  if (/Like$/i.test(operator) || /^Arn/i.test(operator)) return instancesOf(value, variables, [OTHER_WORD]);
  return [withVariables(value, variables)];
}

function beside(operator: string): readonly string[] {
  if (/IpAddress$/i.test(operator)) return OTHER_ADDRESSES;
  if (/^Arn/i.test(operator)) return [OTHER_ARN];
  if (/^String/i.test(operator)) return [OTHER_TEXT];
  return [];
}
