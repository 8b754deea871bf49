import { ExplainedError } from './errors.ts';

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

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
 * Milliseconds of a duration as people write it: `90s`, `15m`, `1h30m`, `25h`.
 * @throws {ExplainedError} when the text is not such a duration, or is zero.
 */
export function parseDurationMs(text: string, thing = 'duration'): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  const totalMs = parts.reduce((sum, [, value, unit]) => sum + Number(value) * (MILLISECONDS[unit ?? ''] ?? 0), 0);
  if (parts.map(([part]) => part).join('') !== text || totalMs <= 0) {
    throw new ExplainedError({
      thing,
      expected: 'a duration such as 90s, 15m or 1h30m',
      observed: `found "${text}"`,
      nextStep: 'Write a number and one of ms, s, m, h, d.',
    });
  }
  return totalMs;
}

/**
 * Bytes of a size as people write it: `512B`, `1.5MB`, `50GiB`.
 * @throws {ExplainedError} when the text is not such a size, or is not positive.
 */
export function parseSizeBytes(text: string, thing = 'size'): number {
  const [, value, unit] = /^(\d+(?:\.\d+)?)\s?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/.exec(text) ?? [];
  const sizeBytes = Math.round(Number(value) * (BYTES[unit ?? ''] ?? Number.NaN));
  if (!(sizeBytes > 0)) {
    throw new ExplainedError({
      thing,
      expected: 'a positive size such as 512MiB or 50GiB',
      observed: `found "${text}"`,
      nextStep: 'Write a positive number and one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB.',
    });
  }
  return sizeBytes;
}

/** A duration for a table: two significant units at most, `0 s` for nothing. */
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

/** A size for a table, in binary units with one decimal. */
export function formatSize(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = sizeBytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(sizeBytes) / 10));
  const value = sizeBytes / 2 ** (10 * power);
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
