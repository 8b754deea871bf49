import { isIP } from 'node:net';

/** Range of addresses as numbers, both ends included. */
interface Range {
  readonly bits: 32 | 128;
  readonly low: bigint;
  readonly high: bigint;
}

/**
 * Returns both ends of a range and the addresses next to them. The edges of several ranges include one address of every overlap and of
 * every part beside it.
 * @param range in CIDR notation; of any other text, only the part before the slash is returned.
 */
export function edgesOf(range: string): readonly string[] {
  const found = rangeIn(range);
  if (found === undefined) return [range.replace(/\/.*$/, '')];
  const { bits, low, high } = found;
  const edges = [low, high, low - 1n, high + 1n].filter((each) => each >= 0n && each < 1n << BigInt(bits));
  return [...new Set(edges.map((each) => (bits === 32 ? textOfV4(each) : textOfV6(each))))];
}

/** Returns the ranges that contain an address; undefined for a text that is no address. A text that is no range contains none. */
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
  // An IPv6 address with an embedded IPv4 address is not compared.
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
