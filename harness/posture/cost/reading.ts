import type { PostureContext } from '../../model/posture.ts';
import { readBucketSettings, readLockedDays } from '../../systems/s3/bucket-reads.ts';
import { lifecycleOf } from '../../systems/s3/lifecycle.ts';
import { s3Store } from '../../systems/s3/service.ts';
import type { LiveSettings } from '../../systems/s3/settings.ts';
import type { StoredPoint } from '../../systems/s3/stored-points.ts';
import type { CostLines } from './cost-lines.ts';
import type { PointsPlan, PricedPlace } from './estimate.ts';
import { DAY_MS, type Ending, type LifeRules, type MeasuredGrowth, measuredGrowth } from './object-life.ts';
import { type PriceTable, pricesOfRegion } from './price-table.ts';

/** State shared by the parts of an estimate during reading. */
export interface CostReading {
  readonly context: PostureContext;
  readonly at: Date;
  readonly table: PriceTable;
  /** Name of the table in messages. */
  readonly tableName: string;
  readonly lines: CostLines;
  /** Percent per month, if the contract declares it. */
  readonly declaredGrowth: string | undefined;
  /** Measured growth, by what grows. */
  readonly growth: Map<string, MeasuredGrowth>;
  /** Items whose points are all within a day, so their growth is unknown. */
  readonly ungrown: string[];
  /** Regions whose prices the estimate uses. */
  readonly regions: Set<string>;
  readonly buckets: Map<string, Promise<LiveBucket>>;
  /** Places whose objects are already counted. */
  readonly places: { readonly bucket: string; readonly prefix: string }[];
}

export interface LiveBucket extends PricedPlace {
  readonly name: string;
  readonly live: LiveSettings;
  readonly isVersioned: boolean;
  readonly lockedDays: number;
}

/** Estimated points, for estimates of their copies. */
export interface PlannedPoints {
  readonly bucket: string;
  /** Prefix for which the bucket's lifecycle was read. */
  readonly prefix: string;
  readonly plan: PointsPlan;
}

/** Returns the settings of a bucket and the prices of its region. Each bucket is read once. */
export function liveBucket(reading: CostReading, name: string): Promise<LiveBucket> {
  const known = reading.buckets.get(name);
  if (known !== undefined) return known;
  const found = readLive(reading, name);
  reading.buckets.set(name, found);
  return found;
}

async function readLive({ context, table, tableName, regions }: CostReading, name: string): Promise<LiveBucket> {
  const s3 = await context.target.place(s3Store);
  const { signal } = context.step;
  const [live, lockedDays] = await Promise.all([
    readBucketSettings(s3, name, signal),
    readLockedDays(s3, name, signal),
  ]);
  const prices = pricesOfRegion(table, live.region, name, tableName);
  regions.add(live.region);
  const { versioning } = live.settings;
  const isVersioned =
    typeof versioning === 'object' && versioning !== null && 'Status' in versioning && versioning.Status === 'Enabled';
  return { name, live, region: live.region, prices, isVersioned, lockedDays };
}

/**
 * Returns the life of an object below a prefix by the bucket's lifecycle, or why its cost cannot be computed.
 * @param ending other ends of its life, such as a ttl.
 */
export function rulesOf(
  { name, live, isVersioned, lockedDays }: LiveBucket,
  prefix: string,
  storageClass: string,
  ending: readonly Ending[],
  lines: CostLines,
): LifeRules | string {
  const lifecycle = lifecycleOf(prefix, live.settings.lifecycle);
  const { current, noncurrent, dated, transitions, noncurrentTransitions, partial, partialMoves } = lifecycle;
  const where = `s3://${name}/${prefix}`;
  const [date] = dated;
  if (date !== undefined)
    return `lifecycle ${date.rule} acts on a date, so the months differ; give the rule a number of days`;
  const endings = current === null ? ending : [...ending, { afterDays: current.afterMs / DAY_MS }];
  if (endings.length === 0)
    return `nothing ends what lies below ${where}, so the cost grows without an end; add a lifecycle rule with an Expiration`;
  if (isVersioned && noncurrent === null) {
    return `no lifecycle rule ends noncurrent versions below ${where}, so the cost grows without an end; add NoncurrentVersionExpiration to the lifecycle`;
  }
  const [moving] = partialMoves;
  if (moving !== undefined)
    return `lifecycle ${moving} moves only some of the objects, and it is unknown which; make the rule apply to all of them`;
  for (const rule of partial) lines.notCounted.add(`lifecycle ${rule}, which is for some of the objects only`);
  const noncurrentDays = (noncurrent?.afterMs ?? 0) / DAY_MS;
  const livesMs = Math.min(...endings.map((each) => ('afterMs' in each ? each.afterMs : each.afterDays * DAY_MS)));
  const livesDays = livesMs / DAY_MS + (isVersioned ? noncurrentDays : 0);
  if (lockedDays > livesDays + 1) {
    return `Object Lock keeps each version below ${where} for ${lockedDays} days, but the lifecycle would end it after ${Number(livesDays.toFixed(1))}; let the lifecycle keep it as long, so that its cost can be computed`;
  }
  return {
    endings,
    isVersioned,
    noncurrentDays,
    storageClass,
    transitions,
    noncurrentTransitions,
    movesSmallInto: live.movesSmallInto,
  };
}

/**
 * Returns the class of the uploads: the class of the newest point, unless a rule may have moved it. Undefined if its objects are in several
 * classes, so that no single set of prices applies.
 */
function uploadClassOf(
  points: readonly StoredPoint[],
  { live }: Pick<LiveBucket, 'live'>,
  prefix: string,
  at: Date,
): string | undefined {
  const { transitions } = lifecycleOf(prefix, live.settings.lifecycle);
  const newest = points.at(-1);
  const ageDays = newest === undefined ? 0 : (at.getTime() - newest.capturedMs) / DAY_MS;
  const mayBeMoved = (seen: string) =>
    transitions.some(({ storageClass, afterDays }) => storageClass === seen && ageDays >= afterDays);
  const seen = new Set(newest?.objects.map(({ storageClass = 'STANDARD' }) => storageClass));
  const uploaded = new Set([...seen].map((each) => (mayBeMoved(each) ? 'STANDARD' : each)));
  return uploaded.size > 1 ? undefined : ([...uploaded][0] ?? 'STANDARD');
}

const IN_SEVERAL_CLASSES =
  'the objects of its newest recovery point were uploaded into several storage classes, but only one is counted; upload them into one';

/** Returns the life of the points from their upload on, or why their cost cannot be computed. */
export function rulesAtUpload(
  points: readonly StoredPoint[],
  bucket: LiveBucket,
  prefix: string,
  ending: readonly Ending[],
  { at, lines }: Pick<CostReading, 'at' | 'lines'>,
): LifeRules | string {
  const storageClass = uploadClassOf(points, bucket, prefix, at);
  return storageClass === undefined ? IN_SEVERAL_CLASSES : rulesOf(bucket, prefix, storageClass, ending, lines);
}

/** Returns their growth, as declared in the contract or measured from their sizes. */
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
