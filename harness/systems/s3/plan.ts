import { createHash } from 'node:crypto';
import type { BucketSpec } from './options.ts';

export interface PlannedRevision {
  /** Determines the bytes, see `bodyChunks`. */
  readonly label: string;
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly cacheControl: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly retained: boolean;
  readonly held: boolean;
  /** Written before versioning was switched on, so its id is "null". */
  readonly beforeVersioning: boolean;
  readonly headers: BucketSpec['headers'];
}

export interface PlannedKey {
  readonly key: string;
  /** Oldest first. */
  readonly revisions: readonly PlannedRevision[];
  /** Deleted in normal operation, before any disaster; it must stay deleted. */
  readonly deletedBefore: boolean;
}

/** Names that clients, servers and restore scripts get wrong: escaping, normalisation, order above U+FFFF. */
const AWKWARD_NAMES = [
  'with space.txt',
  'plus+sign',
  'percent%20literal',
  'ünïcödé-naïve.txt',
  '日本語/文書',
  'emoji-😀',
  'emoji-！',
  'quote\'and"quote',
  'amp&lt<gt>',
  'semicolon;comma,',
  'folder-placeholder/',
  'double//slash',
  'hash#question?equals=',
  '~tilde*(1)!',
  ' leading space',
  'trailing space ',
] as const;

const CONTENT_TYPES = ['application/octet-stream', 'application/json', 'text/plain; charset=utf-8'] as const;
const SMALL_MAX_BYTES = 64 * 1024;

/** Yields the seeded keys: the same for the same options. `scale` repeats the base amount, including its largest object. */
export function* planKeys(spec: BucketSpec, scale: number): Generator<PlannedKey, void, undefined> {
  const total = Math.round(spec.objects * scale);
  for (let index = 0; index < total; index += 1) yield planKey(spec, index);
}

function planKey(spec: BucketSpec, index: number): PlannedKey {
  const dice = createHash('sha256').update(`object ${index}`).digest();
  const prefix = spec.prefixes[index % spec.prefixes.length] ?? '';
  const name = AWKWARD_NAMES[index - 2] ?? `object-${String(index).padStart(7, '0')}.bin`;
  const key = `${prefix}${['', 'daily/', 'daily/2026-02/', 'a/b/c/d/'][index % 4]}${name}`;
  // Two, or the maximum; with a maximum of three, equally many keys have either number.
  const revisionCount = index % 5 === 3 ? (die(dice, 0) % 2 === 0 ? 2 : spec.mostVersions) : 1;
  const revisions = Array.from({ length: revisionCount }, (_, revision) => ({
    label: `${key} revision ${revision}`,
    sizeBytes: sizeOf(spec, index, revision, dice),
    contentType: CONTENT_TYPES[die(dice, 1) % CONTENT_TYPES.length] ?? CONTENT_TYPES[0],
    cacheControl: index % 6 === 1 ? 'no-cache' : undefined,
    metadata: index % 3 === 0 ? { origin: 'dr contracts', revision: `${revision}`, note: 'a=1&b=2' } : {},
    tags: index % 4 === 0 ? { team: 'platform ops', revision: `${revision}`, 'cost/centre': 'a+b@c' } : {},
    retained: spec.retentionDays !== undefined && index % 6 === 0,
    held: spec.legalHold && index % 6 === 3,
    beforeVersioning: spec.nullVersions && revision === 0 && index % 5 >= 3,
    headers: index % 2 === 0 ? spec.headers : {},
  }));
  return { key, revisions, deletedBefore: index % 10 === 7 };
}

function sizeOf(spec: BucketSpec, index: number, revision: number, dice: Buffer): number {
  if (index % spec.objects === 0) return spec.largestBytes;
  if (index % spec.objects === 1) return 0;
  const logarithmic = Math.round(64 * (SMALL_MAX_BYTES / 64) ** (die(dice, 2 + revision) / 255));
  return Math.min(spec.largestBytes, logarithmic);
}

function die(dice: Buffer, at: number): number {
  return dice[at] ?? 0;
}
