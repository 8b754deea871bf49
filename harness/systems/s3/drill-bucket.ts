import type { S3Client } from '@aws-sdk/client-s3';
import { withinBudget } from '../../base/budget.ts';
import { s3Client } from '../../clients/s3.ts';
import type { Clock } from '../../clock/clock.ts';
import type { Seeded } from '../../model/asset.ts';
import type { Step } from '../../model/step.ts';
import { makeChanges, planChanges, planWithSpares } from './changes.ts';
import type { BucketAt } from './listing.ts';
import type { BucketSpec } from './options.ts';
import { enableVersioning, removeBucket } from './place.ts';
import { retainUntilOf, seedBeforeVersioning, seedBucket } from './seed.ts';
import type { S3Place } from './service.ts';

// Behaviour that the buckets of all drills share, whatever the disaster.

const MARKER_TIMEOUT_MS = 5_000;
export const REMOVAL_BUDGET_MS = 60_000;

/** Returns one client that repeats requests, and one that sends each request once, so that markers and probes report what happened. */
export function clientsAt(place: S3Place): { readonly client: S3Client; readonly onceClient: S3Client } {
  return {
    client: s3Client(place, { maxAttempts: 3 }),
    onceClient: s3Client(place, { maxAttempts: 1, requestTimeoutMs: MARKER_TIMEOUT_MS }),
  };
}

/** Seeds the author's objects, and those that change between two backups. */
export async function seedContent(at: BucketAt, spec: BucketSpec, scale: number, step: Step): Promise<Seeded> {
  const retainUntil = retainUntilOf(spec, step.clock);
  const plan = () => planWithSpares(spec, scale);
  if (spec.nullVersions) {
    await seedBeforeVersioning(at, plan(), step);
    await enableVersioning(at, step.signal);
  }
  return await seedBucket(at, plan(), retainUntil, step);
}

/** Adds, overwrites and deletes an object between two backups. */
export async function alterContent(
  at: BucketAt,
  spec: BucketSpec,
  scale: number,
  step: Step,
): Promise<readonly string[]> {
  return await makeChanges(at, planChanges(spec, scale), retainUntilOf(spec, step.clock), step);
}

/** Removes the bucket with every version in it, even if the drill was interrupted. */
export async function removeInTime(at: BucketAt, spec: BucketSpec, clock: Clock): Promise<void> {
  const never = new AbortController().signal;
  await withinBudget(`removing bucket ${at.bucket}`, REMOVAL_BUDGET_MS, { clock, signal: never }, (signal) =>
    removeBucket(at, spec, signal),
  );
}
