import { findCronJob } from '../../systems/kubernetes/posture/live-schedules.ts';
import { sharedKubernetes } from '../../systems/kubernetes/service.ts';
import { currentObjects, estimateCopy, estimateListings } from './estimate.ts';
import { madeOr } from './read-prefix.ts';
import { type CostReading, liveBucket, type PlannedPoints, rulesOf } from './reading.ts';

/** A copy of a bucket in another one. */
export interface CopyToCount {
  readonly bucket: string;
  readonly to: string;
  /** The CronJob that copies, and deletes in the copy what the bucket has no more; left out where S3 replicates. */
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
    // S3 replicates no deletion of a lifecycle: what it copied ends by the rules of its own bucket.
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
