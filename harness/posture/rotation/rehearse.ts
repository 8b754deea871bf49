import { paginateListUsers } from '@aws-sdk/client-iam';
import type { S3Client } from '@aws-sdk/client-s3';
import { iamClient } from '../../clients/iam.ts';
import { s3Client } from '../../clients/s3.ts';
import { summaryOf } from '../../model/errors.ts';
import type { PostureContext } from '../../model/posture.ts';
import { readAccessKeys } from '../../systems/iam/access-keys.ts';
import { ensureBucket, type KeyPair, StoreUsers } from '../../systems/iam/enforced/store-users.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';
import { backUp, differingKeys, type PointObjects, readObjects, readThere } from './backups.ts';
import { REQUESTS, request } from './consumer.ts';
import { KeptKey } from './kept-key.ts';
import { lifecycleNow, type Means, type Rehearsal } from './rehearsal.ts';
import type { RehearsalStepKind, RehearsedStep } from './rehearsal-steps.ts';
import { ANSWER_WITHIN_MS, answered, NoAnswerError, repliedTo, replyTo } from './replies.ts';
import { changedRights } from './rights.ts';
import { rotateInUse } from './rotate.ts';

/** Services that keep credentials on many machines take a moment to propagate a deletion. */
const REFUSED_WITHIN_MS = 15_000;
const ASKED_AGAIN_AFTER_MS = 500;
/** A request that hangs is no answer; the budget of an answer allows three of these. */
const REQUEST_TIMEOUT_MS = ANSWER_WITHIN_MS / 3;
/** Maximum number of rights listed in one sentence. */
const SHOWN = 4;

/**
 * Rotates the key of a writer in the store. The steps: a backup with the old key, the rotation while the key is in use, a backup with the
 * new key, both read back with the new key, requests with the old key, and the additional rights of the new key.
 * @returns the steps with their observations, in order. An impossible step is the last one.
 */
export async function rehearse(
  rehearsal: Rehearsal,
  store: EnforcingStore,
  context: PostureContext,
): Promise<readonly RehearsedStep[]> {
  const admin = s3Client(store.s3, { requestTimeoutMs: REQUEST_TIMEOUT_MS });
  using users = new StoreUsers(store, context.step);
  const steps: RehearsedStep[] = [];
  const clients = new Map<string, S3Client>();
  const as = (credentials: KeyPair): S3Client => {
    const name = JSON.stringify([credentials.accessKeyId, credentials.secretAccessKey]);
    const known = clients.get(name);
    if (known !== undefined) return known;
    const made = s3Client(store.s3, { maxAttempts: 1, credentials, requestTimeoutMs: REQUEST_TIMEOUT_MS });
    clients.set(name, made);
    return made;
  };
  try {
    await ensureBucket(admin, rehearsal.bucket, context.step.signal);
    const means = {
      rehearsal,
      store,
      users,
      admin,
      as,
      context,
      seen: new Set<string>(),
      policiesSeen: new Set<string>(),
    };
    for await (const step of stepsOf(means)) {
      context.step.signal.throwIfAborted();
      steps.push(step);
    }
    return steps;
  } finally {
    admin.destroy();
    for (const client of clients.values()) client.destroy();
  }
}

async function* stepsOf(means: Means): AsyncGenerator<RehearsedStep> {
  const { rehearsal, users, as, context } = means;
  const { user, documents, bucket } = rehearsal;
  const oldKey = await users.add(user, documents);

  const before = await attempted(() => backUp(means, oldKey));
  yield told('backup-before', before);
  if (!before.done) return;

  const stranger = as({ ...oldKey, secretAccessKey: 'dr-contracts-has-another-secret-than-it' });
  yield await strangerRefused(stranger, means, before.value);

  const lifecycle = await lifecycleNow(means);
  await using kept = await KeptKey.of(oldKey, user, context.step);
  const { steps, newKey } = await rotateInUse(means, kept, oldKey, before.value);
  yield* steps;
  if (newKey === undefined) return;

  const after = await attempted(() => backUp(means, newKey));
  yield told('backup-after', after);
  const newClient = as(newKey);
  if (after.done) yield await readBack('read-after', newClient, bucket, after.value, means);
  yield await readBack('read-before', newClient, bucket, before.value, means);
  yield await oldKeyEnds(oldKey, means, before.value);
  yield* endOf(means, newKey, { before: before.value, lifecycle });
}

/** Yields the steps after the rotation: what exists at the end, and the rights of the new key. */
async function* endOf(
  means: Means,
  newKey: KeyPair,
  { before, lifecycle }: { readonly before: PointObjects; readonly lifecycle: string },
): AsyncGenerator<RehearsedStep> {
  const { rehearsal, store, admin, context } = means;
  const { signal } = context.step;
  const keys = await attempted(() => answered(() => activeKeys(store, signal), context.step));
  yield keys.done ? { kind: 'keys-left', ...otherKeys(keys.value, newKey) } : told('keys-left', keys);

  const kept = await attempted(() =>
    answered(() => readThere(admin, rehearsal.bucket, before.keys(), signal), context.step),
  );
  const changed = kept.done ? differingKeys(before, kept.value) : [];
  const end = await attempted(() => lifecycleNow(means));
  if (changed.length > 0) yield { kind: 'kept', seen: `${changed.join(', ')} changed, or gone` };
  else if (kept.done && end.done && end.value !== lifecycle) {
    yield {
      kind: 'kept',
      seen: `the lifecycle of bucket ${rehearsal.bucket} below ${rehearsal.prefix} has changed`,
    };
  } else yield told('kept', kept.done && !end.done ? end : kept);

  const owner = keys.done ? keys.value.find(({ id }) => id === newKey.accessKeyId)?.user : undefined;
  const rights = await attempted(() => changedRights(means, newKey, owner));
  if (!rights.done) {
    yield { kind: 'rights-added', undecided: rights.seen };
    yield { kind: 'rights-lost', undecided: rights.seen };
    return;
  }
  const { added, lost, undecided, tried } = rights.value;
  const open = undecided.length === 0 ? {} : { undecided: listed(undecided) };
  const note = `${tried} requests with each key, and the policies of both`;
  yield { kind: 'rights-added', note, ...(added.length === 0 ? open : { seen: listed(added) }) };
  yield { kind: 'rights-lost', note, ...(lost.length === 0 ? open : { seen: listed(lost) }) };
}

type Attempted<T> =
  | { readonly done: true; readonly value: T }
  | { readonly done: false; readonly seen: string; readonly isUnanswered: boolean };

/** Does the work; its error is the observation of the step, unless the service did not answer. */
async function attempted<T>(work: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return { done: true, value: await work() };
  } catch (error) {
    return { done: false, seen: summaryOf(error), isUnanswered: error instanceof NoAnswerError };
  }
}

function told(
  kind: RehearsalStepKind,
  outcome: Attempted<PointObjects> | Attempted<readonly ActiveKey[] | string>,
): RehearsedStep {
  if (!outcome.done) return { kind, ...(outcome.isUnanswered ? { undecided: outcome.seen } : { seen: outcome.seen }) };
  return outcome.value instanceof Map ? { kind, objects: outcome.value.size } : { kind };
}

async function readBack(
  kind: RehearsalStepKind,
  client: S3Client,
  bucket: string,
  expected: PointObjects,
  { context }: Means,
): Promise<RehearsedStep> {
  const { signal } = context.step;
  const found = await attempted(() =>
    answered(() => readObjects(client, bucket, expected.keys(), signal), context.step),
  );
  if (!found.done) return told(kind, found);
  const differing = differingKeys(expected, found.value);
  return differing.length === 0
    ? { kind, objects: expected.size }
    : { kind, seen: `other content in ${differing.join(', ')}` };
}

async function strangerRefused(client: S3Client, means: Means, point: PointObjects): Promise<RehearsedStep> {
  const { accepted, unanswered } = await refusals(client, means, point, repliedTo);
  if (accepted.length > 0) return { kind: 'wrong-secret', seen: `${accepted.join(', ')} accepted` };
  return unanswered.length === 0
    ? { kind: 'wrong-secret' }
    : { kind: 'wrong-secret', undecided: withoutAnswer(unanswered) };
}

/** Checks that every use of the old key is refused, and that no user has it. */
async function oldKeyEnds(oldKey: KeyPair, means: Means, point: PointObjects): Promise<RehearsedStep> {
  const { as, store, context } = means;
  const { clock, signal } = context.step;
  const beganMs = clock.monotonicMs();
  const client = as(oldKey);
  for (;;) {
    const { accepted, unanswered } = await refusals(client, means, point, replyTo);
    const keys = await attempted(() => activeKeys(store, signal));
    signal.throwIfAborted();
    const owner = keys.done ? keys.value.find(({ id }) => id === oldKey.accessKeyId) : undefined;
    const isDone = accepted.length === 0 && unanswered.length === 0 && keys.done && owner === undefined;
    if (isDone) return { kind: 'old-key' };
    if (clock.monotonicMs() - beganMs >= REFUSED_WITHIN_MS) {
      if (accepted.length > 0) return { kind: 'old-key', seen: `${accepted.join(', ')} accepted` };
      if (owner !== undefined) {
        return {
          kind: 'old-key',
          seen: `it is still a key of IAM user ${owner.user}, which may no longer do what it did`,
        };
      }
      return { kind: 'old-key', undecided: withoutAnswer(keys.done ? unanswered : [...unanswered, keys.seen]) };
    }
    await clock.pause(ASKED_AGAIN_AFTER_MS, signal);
  }
}

const withoutAnswer = (unanswered: readonly string[]): string =>
  `the service did not answer (${unanswered.join(', ')})`;

/** Makes the requests of a writer; returns which were accepted, and which got no answer. */
async function refusals(
  client: S3Client,
  { rehearsal, context }: Means,
  point: PointObjects,
  ask: typeof repliedTo | typeof replyTo,
): Promise<{ readonly accepted: readonly string[]; readonly unanswered: readonly string[] }> {
  const { bucket, prefix } = rehearsal;
  const [object = ''] = point.keys();
  const accepted: string[] = [];
  const unanswered: string[] = [];
  for (const kind of REQUESTS) {
    const { kind: reply, said } = await ask(
      () => request(kind, client, { bucket, prefix, object }, context.step.signal),
      context.step,
    );
    if (reply === 'none') unanswered.push(`${kind}: ${said}`);
    else if (reply !== 'refused') accepted.push(`${kind} (${said})`);
  }
  return { accepted, unanswered };
}

/** Returns accepted keys of any user, besides the new one. */
function otherKeys(keys: readonly ActiveKey[], { accessKeyId }: KeyPair): Pick<RehearsedStep, 'seen'> {
  const others = keys.filter(({ id }) => id !== accessKeyId);
  if (others.length === keys.length) return { seen: 'the new key is not among them' };
  if (others.length === 0) return {};
  const users = [...new Set(others.map(({ user }) => `IAM user ${user}`))].join(', ');
  return { seen: `${others.length} more that ${others.length === 1 ? 'is' : 'are'} active, of ${users}` };
}

const listed = (items: readonly string[]): string =>
  [...items.slice(0, SHOWN), ...(items.length > SHOWN ? [`and ${items.length - SHOWN} more`] : [])].join(', ');

/** A key that a store accepts, of any user. */
interface ActiveKey {
  readonly id: string;
  readonly user: string;
}

/** Returns every key of every user that the store accepts, except those of its administrator. */
async function activeKeys({ s3 }: EnforcingStore, abortSignal: AbortSignal): Promise<readonly ActiveKey[]> {
  const client = iamClient(s3);
  const users: string[] = [];
  try {
    for await (const { Users = [] } of paginateListUsers({ client }, {}, { abortSignal })) {
      users.push(...Users.flatMap(({ UserName }) => UserName ?? []));
    }
  } finally {
    client.destroy();
  }
  const found: ActiveKey[] = [];
  for (const user of users) {
    const { keys = [] } = (await readAccessKeys(s3, user, abortSignal)) ?? {};
    found.push(...keys.filter(({ id, isActive }) => isActive && id !== s3.accessKeyId).map(({ id }) => ({ id, user })));
  }
  return found;
}
