/** Nanoseconds would be lost in a number; a retention is told in milliseconds. */
const MILLISECONDS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** What Go's `time.Duration` can hold: 2^63 ns. */
const LONGEST_MS = 2 ** 63 / 1e6;

/**
 * A duration as Go reads it (https://pkg.go.dev/time#ParseDuration): `720h0m0s`, `-1.5h`, `.5h90m`, `0`. There are no days.
 * @returns milliseconds, or undefined when Go would refuse the text.
 */
export function parseGoDurationMs(text: string): number | undefined {
  const [, sign = '', unsigned = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (unsigned === '0') return 0;
  const parts = [...unsigned.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== unsigned) return undefined;
  const totalMs = parts.reduce((sum, [, value, unit]) => sum + Number(value) * (MILLISECONDS[unit ?? ''] ?? 0), 0);
  if (totalMs >= LONGEST_MS) return undefined;
  return totalMs === 0 ? 0 : sign === '-' ? -totalMs : totalMs;
}

/** How long Velero keeps the backups of a Schedule. */
export interface VeleroTtl {
  /** Null where Velero cannot tell either. */
  readonly keptMs: number | null;
  readonly problem: string | undefined;
  /** The server's own default was assumed to be Velero's, which its flag `--default-backup-ttl` can change. */
  readonly assumedDefault: boolean;
}

const DEFAULT_MS = 720 * 3_600_000;

/**
 * What the `ttl` of a live Schedule means. Velero keeps a backup for its default of 30 days when there is none, and when it is
 * zero (velero pkg/controller/backup_controller.go, `prepareBackupRequest`). A text that Go cannot read as a duration makes the
 * Schedule unreadable to Velero, although the API server takes it.
 */
export function veleroTtl(ttl: string | undefined): VeleroTtl {
  const readMs = ttl === undefined ? 0 : parseGoDurationMs(ttl);
  if (readMs === undefined) {
    const problem = `its ttl "${ttl}" is not a duration for Velero, which then cannot read the Schedule. Write hours, such as 720h0m0s`;
    return { keptMs: null, problem, assumedDefault: false };
  }
  if (readMs === 0) return { keptMs: DEFAULT_MS, problem: undefined, assumedDefault: true };
  if (readMs > 0) return { keptMs: readMs, problem: undefined, assumedDefault: false };
  return {
    keptMs: 0,
    problem: `its ttl ${ttl} ends every backup at once. Write a positive one`,
    assumedDefault: false,
  };
}
