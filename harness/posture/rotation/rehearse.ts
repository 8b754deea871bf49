import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { s3Client } from '../../clients/s3.ts';
import { summaryOf } from '../../model/errors.ts';
import type { PostureContext } from '../../model/posture.ts';
import { readAccessKeys } from '../../systems/iam/access-keys.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';
import { arrived, notYet, type Wait, WaitTimeoutError, waitFor } from '../../wait/wait.ts';
import { type Answer, answerTo } from '../enforced/answers.ts';
import { ensureBucket, type KeyPair, StoreUsers } from '../enforced/store-users.ts';
import { backUpByScript, rotateByScript } from './key-carriers.ts';
import { differingKeys, newObjects, type PointObjects, putSamplePoint, readObjects } from './recovery-point-objects.ts';
import type { RehearsedStep } from './rehearsal-steps.ts';

export interface Rehearsal {
  readonly user: string;
  /** Everything that says what the user may do. */
  readonly documents: readonly unknown[];
  readonly bucket: string;
  /** Below which it backs up; ends in "/". */
  readonly prefix: string;
  /** The platform's script that rotates a key; without one, the harness makes a new key and deletes the old one. */
  readonly rotatedBy: string | undefined;
  /** The platform's backup; without one, sample objects are uploaded. */
  readonly backup: { readonly script: string; readonly environment: Readonly<Record<string, string>> } | undefined;
}

/** Services that keep credentials on many machines take a moment until all of them know of a deletion. */
const REFUSED_WITHIN_MS = 15_000;

/**
 * Rotates the key of a writer in the store: a backup with the old key, the rotation, a backup with the new one, both read back with the
 * new one, and requests with the old one.
 * @returns what was done and seen, in order. A step that could not be made ends it; it is the last one then.
 */
export async function rehearse(
  rehearsal: Rehearsal,
  store: EnforcingStore,
  context: PostureContext,
): Promise<readonly RehearsedStep[]> {
  const admin = s3Client(store.s3);
  using users = new StoreUsers(store, context.step);
  const steps: RehearsedStep[] = [];
  const clients: S3Client[] = [admin];
  const as = (credentials: KeyPair): S3Client => {
    const client = s3Client(store.s3, { maxAttempts: 1, credentials });
    clients.push(client);
    return client;
  };
  try {
    await ensureBucket(admin, rehearsal.bucket, context.step.signal);
    const means = { rehearsal, store, users, admin, as, context };
    for await (const step of stepsOf(means)) steps.push(step);
    return steps;
  } finally {
    for (const client of clients) client.destroy();
  }
}

interface Means {
  readonly rehearsal: Rehearsal;
  readonly store: EnforcingStore;
  readonly users: StoreUsers;
  readonly admin: S3Client;
  readonly as: (credentials: KeyPair) => S3Client;
  readonly context: PostureContext;
}

async function* stepsOf(means: Means): AsyncGenerator<RehearsedStep> {
  const { rehearsal, store, users, admin, as, context } = means;
  const { signal } = context.step;
  const { user, documents, bucket, prefix } = rehearsal;
  const oldKey = await users.add(user, documents);

  const before = await attempted(() => backUp(means, oldKey, []));
  yield { kind: 'backup-before', ...told(before) };
  if (!before.done) return;

  const stranger = as({ ...oldKey, secretAccessKey: 'dr-contracts-has-another-secret-than-it' });
  yield { kind: 'wrong-secret', ...(await refusals(stranger, rehearsal, before.value, signal)) };

  const rotated = await attempted(() => rotate(means, oldKey));
  if (!rotated.done) {
    yield { kind: 'rotation', seen: rotated.seen };
    return;
  }
  const isOther = rotated.value.accessKeyId !== oldKey.accessKeyId;
  yield isOther ? { kind: 'rotation' } : { kind: 'rotation', seen: 'the same key as before' };

  const after = await attempted(() => backUp(means, rotated.value, [before.value]));
  yield { kind: 'backup-after', ...told(after) };
  const newClient = as(rotated.value);
  if (after.done) yield { kind: 'read-after', ...(await readBack(newClient, bucket, after.value, signal)) };
  yield { kind: 'read-before', ...(await readBack(newClient, bucket, before.value, signal)) };

  yield { kind: 'old-key', ...(await oldKeyEnds(as(oldKey), means, before.value)) };
  yield { kind: 'keys-left', ...(await otherKeys(store, user, rotated.value, signal)) };
  // The last look, after everything else: what was there before lies there unchanged.
  const kept = await newObjects(admin, { bucket, prefix }, [], signal);
  const changed = differingKeys(before.value, kept);
  yield { kind: 'kept', ...(changed.length === 0 ? {} : { seen: `${changed.join(', ')} changed, or gone` }) };
}

type Attempted<T> = { readonly done: true; readonly value: T } | { readonly done: false; readonly seen: string };

/** What fails is what was seen of the step. */
async function attempted<T>(work: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return { done: true, value: await work() };
  } catch (error) {
    return { done: false, seen: summaryOf(error) };
  }
}

const told = (outcome: Attempted<PointObjects>): Pick<RehearsedStep, 'seen' | 'objects'> =>
  outcome.done ? { objects: outcome.value.size } : { seen: outcome.seen };

/** @throws when the backup fails, or leaves nothing below the prefix. */
async function backUp(
  { rehearsal, store, admin, as, context }: Means,
  key: KeyPair,
  earlier: readonly PointObjects[],
): Promise<PointObjects> {
  const { backup, bucket, prefix } = rehearsal;
  const { signal } = context.step;
  if (backup === undefined) return await putSamplePoint(as(key), { bucket, prefix }, `${earlier.length}`, signal);
  await backUpByScript({ ...backup, store, key, bucket, prefix }, context);
  const made = await newObjects(admin, { bucket, prefix }, earlier, signal);
  if (made.size === 0) throw new Error(`${backup.script} exits 0, and nothing new lies below ${bucket}/${prefix}`);
  return made;
}

async function rotate({ rehearsal, store, users, context }: Means, oldKey: KeyPair): Promise<KeyPair> {
  const { rotatedBy, user, bucket, prefix } = rehearsal;
  if (rotatedBy !== undefined) return await rotateByScript({ script: rotatedBy, store, user, bucket, prefix }, context);
  const newKey = await users.newKey(user);
  await users.endKey(user, oldKey);
  return newKey;
}

async function readBack(
  client: S3Client,
  bucket: string,
  expected: PointObjects,
  signal: AbortSignal,
): Promise<Pick<RehearsedStep, 'seen' | 'objects'>> {
  const found = await attempted(() => readObjects(client, bucket, expected.keys(), signal));
  if (!found.done) return { seen: found.seen };
  const differing = differingKeys(expected, found.value);
  return differing.length === 0 ? { objects: expected.size } : { seen: `other content in ${differing.join(', ')}` };
}

/** The requests that a writer makes. @returns what was accepted, if anything was. */
async function refusals(
  client: S3Client,
  { bucket: Bucket, prefix }: Rehearsal,
  point: PointObjects,
  abortSignal: AbortSignal,
): Promise<Pick<RehearsedStep, 'seen'>> {
  const [Key = ''] = point.keys();
  const options = { abortSignal };
  const requests: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['reading', () => client.send(new GetObjectCommand({ Bucket, Key }), options)],
    [
      'writing',
      () => client.send(new PutObjectCommand({ Bucket, Key: `${prefix}dr-contracts-refused`, Body: 'x' }), options),
    ],
    ['listing', () => client.send(new ListObjectsV2Command({ Bucket, Prefix: prefix }), options)],
  ];
  const accepted: string[] = [];
  for (const [what, request] of requests) {
    const answer: Answer = await answerTo(request);
    if (answer.outcome !== 'refused') accepted.push(`${what} (${answer.said})`);
  }
  return accepted.length === 0 ? {} : { seen: `${accepted.join(', ')} accepted` };
}

async function oldKeyEnds(
  client: S3Client,
  { rehearsal, context }: Means,
  point: PointObjects,
): Promise<Pick<RehearsedStep, 'seen'>> {
  const wait: Wait<undefined> = {
    for: 'the old key to be refused',
    budgetMs: REFUSED_WITHIN_MS,
    intervalMs: 500,
    look: async (signal) => {
      const { seen } = await refusals(client, rehearsal, point, signal);
      return seen === undefined ? arrived(undefined) : notYet(seen);
    },
  };
  try {
    await waitFor(wait, context.step.clock, context.step.signal);
    return {};
  } catch (error) {
    if (error instanceof WaitTimeoutError) return { seen: error.lastSeen };
    throw error;
  }
}

/** Keys besides the new one that are still accepted. */
async function otherKeys(
  { s3 }: EnforcingStore,
  user: string,
  { accessKeyId }: KeyPair,
  signal: AbortSignal,
): Promise<Pick<RehearsedStep, 'seen'>> {
  const { keys = [] } = (await readAccessKeys(s3, user, signal)) ?? {};
  const active = keys.filter(({ isActive }) => isActive);
  const others = active.filter(({ id }) => id !== accessKeyId).length;
  if (active.length === others) return { seen: 'the new key is none of its active keys' };
  return others === 0 ? {} : { seen: `${others} more that ${others === 1 ? 'is' : 'are'} active` };
}
