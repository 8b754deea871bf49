import type { StoredBelow } from '../../systems/s3/stored-points.ts';
import type { CostLines } from './cost-lines.ts';
import { estimateOthers } from './estimate-others.ts';
import { DAY_MS, type LifeRules } from './object-life.ts';
import type { LiveBucket } from './reading.ts';
import { type PointSizes, sizesOf } from './sizes.ts';

// What lies below a prefix beside its recovery points and is paid for all the same.

const UNFINISHED = 'uploads that were never finished';

interface Beside {
  readonly what: string;
  readonly bucket: LiveBucket;
  readonly stored: StoredBelow;
  /** True where the plan of the recovery points counts overwritten versions. */
  readonly isOverwrittenPlanned: boolean;
}

/**
 * Counts it as it lies there. Versions of recovery points that came to their end belong to the plan where the bucket keeps versions. Where
 * versioning is suspended or off, those from before are paid for until a rule ends them.
 */
export function countAsItLies({ what, bucket, stored, isOverwrittenPlanned }: Beside, lines: CostLines): void {
  const { region, prices, isVersioned } = bucket;
  if (stored.unfinished === null) {
    const needed = 's3:ListBucketMultipartUploads and s3:ListMultipartUploadParts';
    lines.undecide(`${what}: ${UNFINISHED}`, `the account may not list them; allow it ${needed}`);
  }
  estimateOthers(
    {
      what,
      region,
      prices,
      kinds: [
        ['other objects', stored.others],
        ['noncurrent versions of other objects', stored.otherNoncurrent],
        ['overwritten versions', isOverwrittenPlanned ? [] : stored.overwritten],
        ['deleted versions', isVersioned ? [] : stored.deleted],
        ['delete markers', stored.deleteMarkers],
        [UNFINISHED, stored.unfinished ?? []],
      ],
    },
    lines,
  );
}

/**
 * How many versions are overwritten for each recovery point: those that lie there, for as many points as were captured while a noncurrent
 * version lives. Undefined where there are none, or nobody can tell how many come.
 */
export function overwrittenIn(
  { overwritten, points }: StoredBelow,
  { isVersioned }: LiveBucket,
  rules: LifeRules | string,
  at: Date,
  partBytes: number,
): PointSizes | undefined {
  if (overwritten.length === 0 || !isVersioned || typeof rules === 'string') return undefined;
  const sinceMs = at.getTime() - (rules.noncurrentDays + 1) * DAY_MS;
  const captured = points.filter(({ capturedMs }) => capturedMs >= sinceMs).length;
  return captured === 0 ? undefined : { ...sizesOf([{ objects: overwritten }], partBytes), points: captured };
}
