import { ExplainedError } from './errors.ts';

/** Units of a duration, the largest first. The next larger unit begins at `most`. */
const DURATION_UNITS = [
  { unit: 'd', milliseconds: 86_400_000, most: Number.POSITIVE_INFINITY },
  { unit: 'h', milliseconds: 3_600_000, most: 24 },
  { unit: 'm', milliseconds: 60_000, most: 60 },
  { unit: 's', milliseconds: 1_000, most: 60 },
  { unit: 'ms', milliseconds: 1, most: 1_000 },
] as const;

/** A hundred years. A longer duration is a typing mistake. */
const LONGEST_MS = 36_500 * 86_400_000;

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/**
 * Returns the milliseconds of a duration as people write it: `90s`, `15m`, `1h30m`, `25h`. Each unit occurs once, the larger one first. A
 * part after a larger unit is smaller than that unit: `1h1h`, `15m90s` and `30m1h` are slips. Only the last part may have a fraction.
 * @param zero whether zero (`0s`, or just `0`) makes sense here.
 * @throws {ExplainedError} when the text is no such duration, is zero where that makes no sense, is not a whole number of milliseconds, or
 * exceeds a hundred years.
 */
export function parseDurationMs(text: string, thing = 'duration', zero: 'refused' | 'allowed' = 'refused'): number {
  const refused = (observed: string, nextStep: string) =>
    new ExplainedError({
      thing,
      expected: `a duration such as 90s, 15m or 1h30m${zero === 'allowed' ? ', or 0s' : ''}`,
      observed: `found "${text}"${observed === '' ? '' : `, ${observed}`}`,
      nextStep,
    });
  if (zero === 'allowed' && text === '0') return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw refused('', 'Write a number and one of ms, s, m, h, d.');
  }
  let totalMs = 0;
  let previous = -1;
  for (const [index, [part, value, unit]] of parts.entries()) {
    const place = DURATION_UNITS.findIndex((each) => each.unit === unit);
    const { milliseconds, most } = DURATION_UNITS[place] ?? DURATION_UNITS[0];
    if (place === previous) throw refused(`with ${unit} twice`, 'Write each unit once.');
    if (place < previous) throw refused(`with ${unit} after a smaller unit`, 'Write the larger unit first.');
    if (index > 0 && Number(value) >= most) {
      throw refused(`with ${part} after a larger unit`, `Write less than ${most}${unit} there, or ${part} alone.`);
    }
    if (index < parts.length - 1 && !/^\d+$/.test(value ?? '')) {
      throw refused(`with a fraction before another unit`, 'Write a fraction only in the last part.');
    }
    totalMs += Number(value) * milliseconds;
    previous = place;
  }
  const wholeMs = Math.round(totalMs);
  if (wholeMs === 0 && totalMs === 0) {
    if (zero === 'allowed') return 0;
    throw refused('which is no time at all', 'Write a duration that is longer than nothing.');
  }
  // The product of a fraction and a unit may be off by the last bit.
  if (wholeMs === 0 || Math.abs(wholeMs - totalMs) > 1e-6 * Math.max(1, totalMs / 1e6)) {
    throw refused('which is not a whole number of milliseconds', 'Write it in ms.');
  }
  if (wholeMs > LONGEST_MS) throw refused('which is more than a hundred years', 'Correct the number or its unit.');
  return wholeMs;
}

/** Text for `rpo: 'none'` in every output. */
export const KEEPS_NO_DATA = 'keeps no data';

/**
 * Returns the milliseconds of a recovery point objective; null for `none`, which means that the asset keeps no data.
 * @throws {ExplainedError} when the text is neither `none` nor a duration.
 */
export function parseRpo(text: string, thing = 'RPO'): number | null {
  if (text === 'none') return null;
  if (text.trim().toLowerCase() === 'none') {
    throw new ExplainedError({
      thing,
      expected: 'a duration such as 5m, 0s for no loss, or none for an asset that keeps no data',
      observed: `found "${text}"`,
      nextStep: 'Write `none`.',
    });
  }
  return parseDurationMs(text, thing, 'allowed');
}

/**
 * Returns the bytes of a size as people write it: `512B`, `1.5MB`, `50GiB`.
 * @throws {ExplainedError} when the text is no such size, is not positive, is no whole number of bytes, or is beyond 8 PiB.
 */
export function parseSizeBytes(text: string, thing = 'size'): number {
  const [, value, unit] = /^(\d+(?:\.\d+)?)\s?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/.exec(text) ?? [];
  const exact = Number(value) * (BYTES[unit ?? ''] ?? Number.NaN);
  const sizeBytes = Math.round(exact);
  const observed = !(exact > 0)
    ? ''
    : unit === 'B' && !Number.isInteger(exact)
      ? ', which is not a whole number of bytes'
      : sizeBytes === 0
        ? ', which is less than a byte'
        : sizeBytes > Number.MAX_SAFE_INTEGER
          ? ', which is more than can be counted'
          : undefined;
  if (observed === undefined) return sizeBytes;
  throw new ExplainedError({
    thing,
    expected: 'a positive size such as 512MiB or 50GiB',
    observed: `found "${text}"${observed}`,
    nextStep: 'Write a positive number and one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB.',
  });
}

/** Formats a duration for a table: at most two units, `0 s` for zero. */
export function formatDuration(durationMs: number): string {
  if (durationMs <= 0) return '0 s';
  if (durationMs < 1_000) return `${Math.max(1, Math.round(durationMs))} ms`;
  const totalSeconds = Math.round(durationMs / 100) / 10;
  if (totalSeconds < 60) return `${totalSeconds} s`;
  const wholeSeconds = Math.round(durationMs / 1_000);
  const units: [string, number][] = [
    ['d', Math.floor(wholeSeconds / 86_400)],
    ['h', Math.floor((wholeSeconds % 86_400) / 3_600)],
    ['min', Math.floor((wholeSeconds % 3_600) / 60)],
    ['s', wholeSeconds % 60],
  ];
  const first = units.findIndex(([, value]) => value > 0);
  return units
    .slice(first, first + 2)
    .filter(([, value]) => value > 0)
    .map(([unit, value]) => `${value} ${unit}`)
    .join(' ');
}

/** Formats a size for a table, in binary units with one decimal. */
export function formatSize(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = sizeBytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(sizeBytes) / 10));
  const value = sizeBytes / 2 ** (10 * power);
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/** Formats the added part of a phase for every output: a budget of the contract, or a wait that only production has. */
export const addedPart = ({ name, addedMs }: { readonly name: string; readonly addedMs: number }): string =>
  `${formatDuration(addedMs)} ${name === 'backup-sync' ? 'added' : 'budgeted'}`;
