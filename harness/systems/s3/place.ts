import {
  BucketAlreadyExists,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { forEachBounded } from '../../asset-kit/bounded.ts';
import { ExplainedError } from '../../model/errors.ts';
import { counted } from '../../model/text.ts';
import { CONCURRENCY, statusOf } from './client.ts';
import { DISPOSABLE_MARK } from './keys.ts';
import { type BucketAt, type ListedVersion, versionPages } from './listing.ts';
import { type BucketSpec, hasObjectLock } from './options.ts';

/** Says whether the drill may remove its bucket. */
export type Claim = (isOurs: boolean) => void;

/**
 * Creates the drill's own bucket. It claims the bucket before the request, because a request that timed out may have taken effect.
 * @throws {ExplainedError} if the name is taken.
 */
export async function createBucket(
  at: BucketAt,
  spec: BucketSpec,
  region: string,
  signal: AbortSignal,
  claim: Claim,
): Promise<void> {
  if (await exists(at, signal)) throw nameTaken(at);
  claim(true);
  const request = new CreateBucketCommand({
    Bucket: at.bucket,
    ObjectLockEnabledForBucket: hasObjectLock(spec),
    // S3 refuses us-east-1, alone of all regions, as a constraint.
    ...(region === 'us-east-1'
      ? {}
      : { CreateBucketConfiguration: { LocationConstraint: z.custom<'us-west-2'>().parse(region) } }),
  });
  try {
    await at.client.send(request, { abortSignal: signal });
  } catch (error) {
    // The name was free a moment ago: a repeated request may find the bucket of the first one, whose answer was lost.
    if (!(error instanceof BucketAlreadyExists) || (error.$metadata.attempts ?? 1) > 1) throw error;
    claim(false);
    throw nameTaken(at, error);
  }
}

const nameTaken = ({ bucket }: BucketAt, cause?: unknown): ExplainedError =>
  new ExplainedError(
    {
      thing: `bucket ${bucket}`,
      expected: 'a free name',
      observed: 'it exists already',
      nextStep: 'Remove what an earlier drill left (npx dr-contracts gc), or start a drill with another id.',
    },
    { cause },
  );

/** Marks the bucket as disposable by this session and switches on the requested settings. */
export async function prepareBucket(
  at: BucketAt,
  spec: BucketSpec,
  sessionId: string,
  signal: AbortSignal,
): Promise<void> {
  const abort = { abortSignal: signal };
  const TagSet = [{ Key: DISPOSABLE_MARK, Value: sessionId }];
  await at.client.send(new PutBucketTaggingCommand({ Bucket: at.bucket, Tagging: { TagSet } }), abort);
  if (!spec.versioned) return;
  if (!spec.nullVersions) await enableVersioning(at, signal);
  if (!spec.retainsEveryVersion || spec.retentionDays === undefined) return;
  const Rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: spec.retentionDays } } as const;
  await at.client.send(
    new PutObjectLockConfigurationCommand({
      Bucket: at.bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule },
    }),
    abort,
  );
}

export async function enableVersioning(at: BucketAt, signal: AbortSignal): Promise<void> {
  await at.client.send(
    new PutBucketVersioningCommand({ Bucket: at.bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    { abortSignal: signal },
  );
}

/** @throws {ExplainedError} unless the bucket has the disposable mark of this session. */
export async function refuseUnlessDisposable(at: BucketAt, sessionId: string, signal: AbortSignal): Promise<void> {
  const mark = await markOf(at, signal);
  if (mark === sessionId) return;
  throw new ExplainedError({
    thing: `bucket ${at.bucket}`,
    expected: `the disposable mark ${DISPOSABLE_MARK}=${sessionId} before anything in it is destroyed`,
    observed: mark === undefined ? 'it carries no mark' : `its mark is of another session (${mark})`,
    nextStep: 'Nothing was destroyed. Find out whose bucket it is.',
  });
}

/** Removes the bucket with all its versions, including retained ones. An absent bucket counts as removed. */
export async function removeBucket(at: BucketAt, spec: BucketSpec, signal: AbortSignal): Promise<void> {
  if (!(await exists(at, signal))) return;
  for await (const page of versionPages(at, signal)) {
    const versions = page.map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
    if (spec.legalHold) await releaseHolds(at, page, signal);
    await deleteBatch(at, versions, signal, { bypassRetention: hasObjectLock(spec) });
  }
  await at.client.send(new DeleteBucketCommand({ Bucket: at.bucket }), { abortSignal: signal });
}

/** Releases all holds, because copies made by a restore may have one as well. */
async function releaseHolds(at: BucketAt, page: readonly ListedVersion[], signal: AbortSignal): Promise<void> {
  await forEachBounded(
    page.filter(({ deleteMarker }) => !deleteMarker),
    CONCURRENCY,
    async ({ key, versionId }) => {
      const held = { Bucket: at.bucket, Key: key, VersionId: versionId, LegalHold: { Status: 'OFF' } } as const;
      await at.client.send(new PutObjectLegalHoldCommand(held), { abortSignal: signal });
    },
  );
}

/** Deletes at most 1,000 objects. With version ids it deletes the versions; without, it adds delete markers. */
export async function deleteBatch(
  at: BucketAt,
  objects: { Key: string; VersionId?: string }[],
  signal: AbortSignal,
  options: { readonly bypassRetention: boolean } = { bypassRetention: false },
): Promise<void> {
  if (objects.length === 0) return;
  const { Errors = [] } = await at.client.send(
    new DeleteObjectsCommand({
      Bucket: at.bucket,
      Delete: { Objects: objects, Quiet: true },
      // S3 refuses the header if object lock is off.
      ...(options.bypassRetention ? { BypassGovernanceRetention: true } : {}),
    }),
    { abortSignal: signal },
  );
  const [first] = Errors;
  if (first === undefined) return;
  throw new Error(
    `${Errors.length} of ${counted(objects.length, 'deletion')} in ${at.bucket} failed, e.g. ${first.Key}: ${first.Code}`,
  );
}

async function exists(at: BucketAt, signal: AbortSignal): Promise<boolean> {
  try {
    await at.client.send(new HeadBucketCommand({ Bucket: at.bucket }), { abortSignal: signal });
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

async function markOf(at: BucketAt, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { TagSet = [] } = await at.client.send(new GetBucketTaggingCommand({ Bucket: at.bucket }), {
      abortSignal: signal,
    });
    return TagSet.find(({ Key }) => Key === DISPOSABLE_MARK)?.Value;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
