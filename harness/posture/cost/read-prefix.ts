import { summaryOf } from '../../model/errors.ts';
import { findCronJob, type LiveSchedule } from '../../systems/kubernetes/posture/live-schedules.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import type { PointLayout } from '../../systems/s3/recovery-points.ts';
import { s3Store } from '../../systems/s3/service.ts';
import { storedPoints } from '../bucket-reads.ts';
import { estimatePoints } from './estimate.ts';
import { type Made, madeBy } from './made.ts';
import { countAsItLies, overwrittenIn } from './read-beside.ts';
import { type CostReading, growthOf, liveBucket, type PlannedPoints, rulesAtUpload } from './reading.ts';
import { sizesOf } from './sizes.ts';

/** Recovery points below a prefix, as a contract names them. */
export interface PrefixToCount {
  readonly bucket: string;
  readonly prefix: string;
  readonly layoutAt: (nowMs: number) => PointLayout;
  readonly madeBy: { readonly namespace: string; readonly name: string };
  readonly partBytes: number;
  readonly readBackFrom?: string | undefined;
}

/** Counts them. Undefined where nobody can compute what they cost; `reading.lines` says why then. */
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

/** When it is made, or why nobody can tell. */
export function madeOr(schedule: LiveSchedule | null, name: string, at: Date): Made | string {
  if (schedule === null)
    return `${name} is not there, so nobody knows how often one is made; deploy it, or correct its name in the contract`;
  if (schedule.paused) return `${name} is paused, so nobody knows how often one is made; resume it`;
  if (schedule.problem !== null) return `${name} makes none, because ${schedule.problem}; correct its schedule`;
  try {
    const made = madeBy(schedule, at);
    return made.count === 0 ? `${name} never fires; correct its schedule` : made;
  } catch (error) {
    return summaryOf(error);
  }
}

/** Where nothing lies there, nobody knows how large one is. */
export function firstReason(made: unknown, rules: unknown, points: number): string | undefined {
  if (typeof made === 'string') return made;
  if (typeof rules === 'string') return rules;
  return points === 0
    ? 'no recovery point lies there, so nobody knows how large one is; take a first backup'
    : undefined;
}
