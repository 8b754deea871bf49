import type { PostureContext } from '../../model/posture.ts';
import { lifecycleOf } from '../../systems/s3/lifecycle.ts';
import { s3Store } from '../../systems/s3/service.ts';
import type { LiveSettings } from '../../systems/s3/settings.ts';
import type { StoredBelow, StoredPoint } from '../../systems/s3/stored-points.ts';
import { readBucketSettings } from '../bucket-reads.ts';
import type { CostLines } from './cost-lines.ts';
import { estimateOthers, type PointsPlan, type PricedPlace } from './estimate.ts';
import { type MeasuredGrowth, measuredGrowth } from './growth.ts';
import { DAY_MS, type Ending, type LifeRules } from './object-life.ts';
import { type PriceTable, pricesOfRegion } from './price-table.ts';

/** What the parts of an estimate share while they look. */
export interface CostReading {
  readonly context: PostureContext;
  readonly at: Date;
  readonly table: PriceTable;
  /** As a message calls the table. */
  readonly tableName: string;
  readonly lines: CostLines;
  /** Percent per month, where the contract declares it. */
  readonly declaredGrowth: string | undefined;
  /** Measured, by what grows. */
  readonly growth: Map<string, MeasuredGrowth>;
  /** What lies within a day, so that nobody knows how it grows. */
  readonly ungrown: string[];
  /** Regions whose prices were used. */
  readonly regions: Set<string>;
  readonly buckets: Map<string, Promise<LiveBucket>>;
}

export interface LiveBucket extends PricedPlace {
  readonly name: string;
  readonly live: LiveSettings;
  readonly isVersioned: boolean;
}

/** Points that have been estimated, for whoever copies them. */
export interface PlannedPoints {
  readonly bucket: string;
  /** Below which the bucket's lifecycle was read. */
  readonly prefix: string;
  /** True where others may lie below the same prefix and are told apart by their names. */
  readonly isShared: boolean;
  readonly plan: PointsPlan;
}

/** The settings of a bucket and the prices of its region; each bucket is read once. */
export function liveBucket(reading: CostReading, name: string): Promise<LiveBucket> {
  const known = reading.buckets.get(name);
  if (known !== undefined) return known;
  const found = readLive(reading, name);
  reading.buckets.set(name, found);
  return found;
}

async function readLive({ context, table, tableName, regions }: CostReading, name: string): Promise<LiveBucket> {
  const live = await readBucketSettings(await context.target.place(s3Store), name, context.step.signal);
  const prices = pricesOfRegion(table, live.region, name, tableName);
  regions.add(live.region);
  const { versioning } = live.settings;
  const isVersioned =
    typeof versioning === 'object' && versioning !== null && 'Status' in versioning && versioning.Status === 'Enabled';
  return { name, live, region: live.region, prices, isVersioned };
}

/**
 * How an object below a prefix lives by the bucket's lifecycle, or why nobody can compute what it costs.
 * @param ending what ends it besides the lifecycle, such as a ttl.
 */
export function rulesOf(
  { name, live, isVersioned }: LiveBucket,
  prefix: string,
  storageClass: string,
  ending: readonly Ending[],
  lines: CostLines,
): LifeRules | string {
  const lifecycle = lifecycleOf(prefix, live.settings.lifecycle);
  const { current, noncurrent, dated, transitions, noncurrentTransitions, partial } = lifecycle;
  const where = `s3://${name}/${prefix}`;
  const [date] = dated;
  if (date !== undefined) return `lifecycle ${date.rule} has a date, so no month is like the next`;
  const endings = current === null ? ending : [...ending, { afterDays: current.afterMs / DAY_MS }];
  if (endings.length === 0) return `nothing ends what lies below ${where}, so the cost grows without an end`;
  if (isVersioned && noncurrent === null) {
    return `no lifecycle rule ends noncurrent versions below ${where}, so the cost grows without an end`;
  }
  for (const rule of partial) lines.notCounted.add(`lifecycle ${rule}, which is for some of the objects only`);
  const noncurrentDays = (noncurrent?.afterMs ?? 0) / DAY_MS;
  return { endings, isVersioned, noncurrentDays, storageClass, transitions, noncurrentTransitions };
}

/**
 * What lies there and what no plan of recovery points foresees. A plan foresees the one deletion of each object, in a bucket that keeps
 * versions; what was overwritten, and what was deleted before the bucket stopped keeping versions, is paid for besides.
 */
export function countUnplanned(what: string, stored: StoredBelow, bucket: LiveBucket, lines: CostLines): void {
  const { others, otherNoncurrent, overwritten, deleted, unknownClasses } = stored;
  const { region, prices, isVersioned } = bucket;
  const kinds = [
    ['other objects', others],
    ['noncurrent versions of other objects', otherNoncurrent],
    ['overwritten versions of recovery points', overwritten],
    ['deleted versions of recovery points', isVersioned ? [] : deleted],
  ] as const;
  estimateOthers({ what, region, prices, kinds }, lines);
  if (unknownClasses > 0) {
    lines.notCounted.add(
      `the classes of ${unknownClasses} noncurrent versions below ${what}, which are taken for STANDARD`,
    );
  }
}

/** Into which class they are uploaded: where the newest lies, unless a rule has moved it there. */
export function uploadClassOf(points: readonly StoredPoint[], { live }: LiveBucket, prefix: string): string {
  const seen = points.at(-1)?.objects[0]?.storageClass ?? 'STANDARD';
  const { transitions } = lifecycleOf(prefix, live.settings.lifecycle);
  return transitions.some(({ storageClass }) => storageClass === seen) ? 'STANDARD' : seen;
}

/** By how much they grow: as the contract says, or as their sizes show. */
export function growthOf(reading: CostReading, what: string, points: readonly StoredPoint[]): string | undefined {
  if (reading.declaredGrowth !== undefined) return reading.declaredGrowth;
  const measured = measuredGrowth(points);
  if (measured === undefined) {
    reading.ungrown.push(what);
    return undefined;
  }
  reading.growth.set(what, measured);
  return measured.percentPerMonth;
}
