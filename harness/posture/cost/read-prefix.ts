import { summaryOf } from '../../model/errors.ts';
import type { LiveSchedule } from '../../model/schedule.ts';
import { findCronJob } from '../../systems/kubernetes/posture/live-cron-job.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { storedPoints } from '../../systems/s3/bucket-reads.ts';
import type { PointLayout } from '../../systems/s3/recovery-points.ts';
import { s3Store } from '../../systems/s3/service.ts';
import type { StoredBelow } from '../../systems/s3/stored-points.ts';
import type { CostLines } from './cost-lines.ts';
import { currentObjects, estimateCopy, estimateListings, estimatePoints } from './estimate.ts';
import { estimateOthers } from './estimate-others.ts';
import { DAY_MS, type LifeRules, type Made, madeBy } from './object-life.ts';
import {
  type CostReading,
  growthOf,
  type LiveBucket,
  liveBucket,
  type PlannedPoints,
  rulesAtUpload,
  rulesOf,
} from './reading.ts';
import { type PointSizes, sizesOf } from './sizes.ts';

/** Recovery points below a prefix, as a contract states them. */
export interface PrefixToCount {
  readonly bucket: string;
  readonly prefix: string;
  readonly layoutAt: (nowMs: number) => PointLayout;
  readonly madeBy: { readonly namespace: string; readonly name: string };
  readonly partBytes: number;
  readonly readBackFrom?: string | undefined;
}

/** Counts the recovery points. Returns undefined if their cost cannot be computed; `reading.lines` then has the reason. */
export async function countPrefix(prefix: PrefixToCount, reading: CostReading): Promise<PlannedPoints | undefined> {
  const { target, step } = reading.context;
  const { kubeconfigPath } = await target.place(sharedKubernetes);
  const what = `s3://${prefix.bucket}/${prefix.prefix}`;
  const bucket = await liveBucket(reading, prefix.bucket);
  const [schedule, stored] = await Promise.all([
    findCronJob(kubeconfigPath, prefix.madeBy, step.signal),
    storedPoints(await target.place(s3Store), prefix.layoutAt(reading.at.getTime()), step.signal, !bucket.isVersioned),
  ]);
  const cronJob = `CronJob ${prefix.madeBy.namespace}/${prefix.madeBy.name}`;
  const made = madeOr(schedule, cronJob, reading.at);
  const rules = rulesAtUpload(stored.points, bucket, prefix.prefix, [], reading);
  const overwritten = overwrittenIn(stored, bucket, rules, reading.at, prefix.partBytes);
  countAsItLies({ what, bucket, stored, isOverwrittenPlanned: overwritten !== undefined }, reading.lines);
  const reason = firstReason(made, rules, stored.points.length);
  if (typeof made === 'string' || typeof rules === 'string' || reason !== undefined) {
    reading.lines.undecide(what, reason ?? 'it cannot be computed');
    return undefined;
  }
  const plan = {
    what,
    region: bucket.region,
    prices: bucket.prices,
    made,
    overwritten,
    schedule: `${cronJob} "${schedule?.cron}"`,
    sizes: sizesOf(stored.points, prefix.partBytes),
    rules,
    readBackFrom: prefix.readBackFrom,
    growsPercentPerMonth: growthOf(reading, what, stored.points),
  };
  estimatePoints(plan, reading.lines);
  return { bucket: prefix.bucket, prefix: prefix.prefix, plan };
}

/** Returns the times at which it is made, or the reason why they are unknown. */
export function madeOr(schedule: LiveSchedule | null, name: string, at: Date): Made | string {
  if (schedule === null)
    return `${name} does not exist, so it is unknown how often a recovery point is made; deploy it, or correct its name in the contract`;
  if (schedule.paused) return `${name} is paused, so it is unknown how often a recovery point is made; resume it`;
  if (schedule.problem !== null) return `${name} makes none, because ${schedule.problem}; correct its schedule`;
  try {
    const made = madeBy(schedule, at);
    return made.count === 0 ? `${name} never fires; correct its schedule` : made;
  } catch (error) {
    return summaryOf(error);
  }
}

/** Returns the first reason why the cost is unknown. Without any stored point, the size is unknown. */
export function firstReason(made: unknown, rules: unknown, points: number): string | undefined {
  if (typeof made === 'string') return made;
  if (typeof rules === 'string') return rules;
  return points === 0 ? 'no recovery point lies there, so its size is unknown; take a first backup' : undefined;
}

// Other billed objects below a prefix, besides its recovery points.

const UNFINISHED = 'uploads that were never finished';

interface Beside {
  readonly what: string;
  readonly bucket: LiveBucket;
  readonly stored: StoredBelow;
  /** True if the plan of the recovery points counts overwritten versions. */
  readonly isOverwrittenPlanned: boolean;
}

/**
 * Counts the objects as they are stored now. Where the bucket keeps versions, the plan counts the versions of expired recovery points.
 * Where versioning is suspended or off, older versions are billed until a rule deletes them.
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
 * Returns the overwritten versions per recovery point: the stored ones, divided among the points captured within the life of a noncurrent
 * version. Undefined if there are none, or their rate is unknown.
 */
function overwrittenIn(
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

/** A copy of a bucket in another one. */
export interface CopyToCount {
  readonly bucket: string;
  readonly to: string;
  /** The CronJob that copies, and deletes from the copy the objects that the bucket no longer has; absent if S3 replicates. */
  readonly madeBy?: { readonly namespace: string; readonly name: string } | undefined;
}

/** Counts the copy of every recovery point that was counted in the bucket. */
export async function countCopy(
  copy: CopyToCount,
  counted: readonly PlannedPoints[],
  reading: CostReading,
): Promise<void> {
  const { lines } = reading;
  const title = `copy of s3://${copy.bucket} in s3://${copy.to}`;
  const [from, to] = await Promise.all([liveBucket(reading, copy.bucket), liveBucket(reading, copy.to)]);
  const planned = counted.filter(({ bucket }) => bucket === copy.bucket);
  if (planned.length === 0) {
    lines.undecide(
      title,
      `nothing of s3://${copy.bucket} could be counted; name its recovery points in \`prefixes\` or \`velero\`, and make them computable`,
    );
    return;
  }
  for (const { prefix, plan } of planned) {
    // S3 does not replicate deletions by a lifecycle, so the copies follow the rules of their own bucket.
    const ending = copy.madeBy === undefined ? [] : plan.rules.endings;
    const rules = rulesOf(to, prefix, plan.rules.storageClass, ending, lines);
    if (typeof rules === 'string') lines.undecide(`copy of ${plan.what} in s3://${copy.to}`, rules);
    else estimateCopy(plan, { to: `s3://${copy.to}`, region: to.region, prices: to.prices, rules }, lines);
  }
  lines.notCounted.add(
    `other objects, overwritten versions, delete markers and unfinished uploads of the copy in s3://${copy.to}`,
  );
  if (copy.madeBy === undefined) return;
  const { target, step } = reading.context;
  const { kubeconfigPath } = await target.place(sharedKubernetes);
  const name = `CronJob ${copy.madeBy.namespace}/${copy.madeBy.name}`;
  const schedule = await findCronJob(kubeconfigPath, copy.madeBy, step.signal);
  const made = madeOr(schedule, name, reading.at);
  if (typeof made === 'string') {
    lines.undecide(`${title}: listings (LIST)`, made);
    return;
  }
  const keys = planned.reduce((sum, { plan }) => sum + currentObjects(plan), 0);
  const runs = { runs: made.count, windowMs: made.windowMs, keys, basis: `${name} "${schedule?.cron}"` };
  for (const bucket of [from, to]) {
    const item = `listings of s3://${bucket.name} by the copy (LIST)`;
    estimateListings({ ...runs, item, region: bucket.region, prices: bucket.prices }, lines);
  }
}
