import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { forEachBounded } from '../../asset-kit/bounded.ts';
import type { Clock } from '../../clock/clock.ts';
import type { Seeded } from '../../model/asset.ts';
import type { Step } from '../../model/step.ts';
import { formatSize } from '../../model/units.ts';
import { CONCURRENCY } from './client.ts';
import { headerAttributes } from './headers.ts';
import type { BucketAt } from './listing.ts';
import type { BucketSpec } from './options.ts';
import type { PlannedKey, PlannedRevision } from './plan.ts';
import { type ObjectAttributes, putGenerated, tagHeader } from './upload.ts';

const DAY_MS = 86_400_000;

/** Returns the end of new locks; undefined if nothing is locked. S3 keeps whole seconds, and would round the given time. */
export function retainUntilOf({ retentionDays }: BucketSpec, clock: Clock): Date | undefined {
  if (retentionDays === undefined) return undefined;
  return new Date(Math.floor(Date.parse(clock.now().utc) / 1_000) * 1_000 + retentionDays * DAY_MS);
}

/** Writes the objects that exist before the bucket has versions. */
export async function seedBeforeVersioning(at: BucketAt, plan: Iterable<PlannedKey>, step: Step): Promise<void> {
  await forEachBounded(plan, CONCURRENCY, async ({ key, revisions }) => {
    for (const revision of revisions) {
      if (!revision.beforeVersioning) continue;
      const object = { key, label: revision.label, sizeBytes: revision.sizeBytes };
      await putGenerated(at, object, attributesOf(revision, undefined), step.signal);
    }
  });
}

/** Writes the planned keys: keys concurrently, the versions of a key in order. */
export async function seedBucket(
  at: BucketAt,
  plan: Iterable<PlannedKey>,
  retainUntil: Date | undefined,
  step: Step,
): Promise<Seeded> {
  const totals = { keys: 0, versions: 0, deleted: 0, retained: 0, tagged: 0, bytes: 0 };
  await forEachBounded(plan, CONCURRENCY, async (planned) => {
    for (const revision of planned.revisions) {
      const object = { key: planned.key, label: revision.label, sizeBytes: revision.sizeBytes };
      if (!revision.beforeVersioning) await putGenerated(at, object, attributesOf(revision, retainUntil), step.signal);
      totals.versions += 1;
      totals.bytes += revision.sizeBytes;
      if (revision.retained) totals.retained += 1;
      if (Object.keys(revision.tags).length > 0) totals.tagged += 1;
    }
    if (planned.deletedBefore) {
      await at.client.send(new DeleteObjectCommand({ Bucket: at.bucket, Key: planned.key }), {
        abortSignal: step.signal,
      });
      totals.deleted += 1;
    }
    totals.keys += 1;
    if (totals.keys % 1_000 === 0) step.progress(`seeded ${totals.keys} keys`);
  });
  const count = (value: number) => value.toLocaleString('en');
  return {
    items: totals.versions,
    bytes: totals.bytes,
    parts: [
      `${count(totals.keys)} keys, ${count(totals.deleted)} of them deleted before the drill`,
      `${count(totals.versions)} object versions (${formatSize(totals.bytes)})`,
      `${count(totals.tagged)} versions with tags, ${count(totals.retained)} with retention`,
    ],
  };
}

/** Returns the attributes sent with the bytes of a revision. */
export function attributesOf(revision: PlannedRevision, retainUntil: Date | undefined): ObjectAttributes {
  return {
    ContentType: revision.contentType,
    ...(revision.cacheControl === undefined ? {} : { CacheControl: revision.cacheControl }),
    ...(Object.keys(revision.metadata).length === 0 ? {} : { Metadata: { ...revision.metadata } }),
    ...(Object.keys(revision.tags).length === 0 ? {} : { Tagging: tagHeader(revision.tags) }),
    ...(revision.retained && retainUntil !== undefined
      ? { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: retainUntil }
      : {}),
    ...(revision.held ? { ObjectLockLegalHoldStatus: 'ON' } : {}),
    ...headerAttributes(revision.headers),
  };
}
