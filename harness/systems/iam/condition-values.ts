import { isIP } from 'node:net';
import { instancesOf, type Variables, withVariables } from './patterns.ts';
import type { Condition } from './policy-document.ts';

/** A value of a condition key in a request; undefined where the request does not carry the key. */
export type KeyValue = string | readonly string[] | undefined;

/** Nobody's: what no policy names. */
const OTHER_TEXT = 'something-else';
const OTHER_ARN = 'arn:aws:iam::999999999999:role/something-else';
const OTHER_ADDRESSES = ['198.51.100.7', '203.0.113.9', '2001:db8::7'];
const SECOND_MS = 1_000;
/** Begins as no other sample does. */
const OTHER_WORD = 'q7';

/**
 * Values of one key with which its conditions hold, and values with which they do not: those that the conditions name, those beside
 * them, and no value at all, which comes first because it asks the least of a request.
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

/** Of addresses that lie in the same ranges, the first: the others would be decided alike. */
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

/** Keys that carry the time of a request. Every request has them. */
export const isTimeKey = (key: string): boolean => /^aws:(currenttime|epochtime)$/i.test(key);

/** A time as a condition writes it: seconds since 1970, or ISO 8601. Undefined where it is neither. */
export function timeMsOf(value: KeyValue): number | undefined {
  if (typeof value !== 'string') return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Now, and the times around each bound, as the conditions write them: now comes first. */
export function timesToTry(conditions: readonly Condition[], nowMs: number): readonly string[] {
  const written = conditions.flatMap(({ values }) => values);
  const bounds = written.flatMap((value) => timeMsOf(value) ?? []);
  const inSeconds = bounds.length > 0 && written.every((value) => timeMsOf(value) === undefined || /^\d+$/.test(value));
  const times = [nowMs, ...bounds.flatMap((at) => [at - SECOND_MS, at, at + SECOND_MS])];
  return times.map((ms) => (inSeconds ? String(Math.floor(ms / 1_000)) : new Date(ms).toISOString()));
}

/** The value of a condition itself, and its neighbours on both sides where it is a bound. */
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

/** Addresses from one to another, both included, as numbers. */
interface Range {
  readonly bits: 32 | 128;
  readonly low: bigint;
  readonly high: bigint;
}

/**
 * Addresses at both ends of a range and beside them. Of several ranges, each part in which they overlap, and each beside them, holds one.
 * @param range in CIDR notation; of any other text only what stands before the slash is given back.
 */
export function edgesOf(range: string): readonly string[] {
  const found = rangeIn(range);
  if (found === undefined) return [range.replace(/\/.*$/, '')];
  const { bits, low, high } = found;
  const edges = [low, high, low - 1n, high + 1n].filter((each) => each >= 0n && each < 1n << BigInt(bits));
  return [...new Set(edges.map((each) => (bits === 32 ? textOfV4(each) : textOfV6(each))))];
}

/** In which of the ranges an address lies; undefined for what is no address. A text that is no range holds none. */
export function rangesWith(address: string, ranges: readonly string[]): readonly boolean[] | undefined {
  const found = rangeIn(address);
  if (found === undefined) return undefined;
  return ranges.map((each) => {
    const range = rangeIn(each);
    return range?.bits === found.bits && range.low <= found.low && found.low <= range.high;
  });
}

function rangeIn(text: string): Range | undefined {
  const [, address = '', written] = /^([^/]+?)(?:\/(\d+))?$/.exec(text) ?? [];
  const family = isIP(address);
  // An address of IPv4 inside one of IPv6 is compared by nobody.
  if (family === 0 || (family === 6 && address.includes('.'))) return undefined;
  const bits = family === 4 ? 32 : 128;
  const fixed = written === undefined ? bits : Number(written);
  if (fixed > bits) return undefined;
  const hosts = BigInt(bits - fixed);
  const low = ((family === 4 ? numberOfV4(address) : numberOfV6(address)) >> hosts) << hosts;
  return { bits, low, high: low + (1n << hosts) - 1n };
}

const numberOfV4 = (address: string): bigint =>
  address.split('.').reduce((number, part) => number * 256n + BigInt(part), 0n);

const textOfV4 = (number: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => String((number >> shift) & 255n)).join('.');

function numberOfV6(address: string): bigint {
  const [head = '', tail] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((number, group) => number * 65_536n + BigInt(`0x${group}`), 0n);
}

const textOfV6 = (number: bigint): string =>
  Array.from({ length: 8 }, (_, at) => ((number >> BigInt(112 - 16 * at)) & 65_535n).toString(16)).join(':');
