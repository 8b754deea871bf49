import {
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  DeleteUserPolicyCommand,
  paginateListUserPolicies,
} from '@aws-sdk/client-iam';
import type { S3Client } from '@aws-sdk/client-s3';
import { httpRequest } from '../../clients/http.ts';
import { iamClient } from '../../clients/iam.ts';
import { s3Client } from '../../clients/s3.ts';
import type { PostureContext } from '../../model/posture.ts';
import { compareRights } from '../../systems/iam/compare-rights.ts';
import { allOperations } from '../../systems/iam/enforced/operations.ts';
import { type Answer, answerOf, performAll } from '../../systems/iam/enforced/perform.ts';
import { ensureBucket, type KeyPair, StoreUsers } from '../../systems/iam/enforced/store-users.ts';
import { OTHER_BUCKET, planTrial } from '../../systems/iam/enforced/trial-plan.ts';
import { type LivePolicy, readWriter } from '../../systems/iam/live-writer.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';
import { enforcingStore } from '../../systems/s3/service.ts';
import { allowedToOthers, type Means, type Rehearsal } from './rehearsal.ts';
import { answered } from './replies.ts';

/** Changes that a rotation made to the rights of the key's holder. */
export interface ChangedRights {
  /** Rights of the new key that the old one lacked, in words. */
  readonly added: readonly string[];
  readonly lost: readonly string[];
  readonly undecided: readonly string[];
  /** Number of requests tried with each key. */
  readonly tried: number;
}

interface Tried {
  readonly asked: string;
  readonly answer: Answer;
}

/**
 * Compares the rights of the new key with those of the old one. By trying: the same requests, with the old policies in a separate store,
 * and with the new key in the store of the rotation. By evaluation: the policies of the new key's user with those of the old key's. The
 * trial changes and deletes things, so it comes last.
 */
export async function changedRights(means: Means, newKey: KeyPair, owner: string | undefined): Promise<ChangedRights> {
  const { context, rehearsal } = means;
  const before = await triedBefore(rehearsal, context);
  const bucketPolicy = await allowedToOthers(means, owner);
  const policies = owner === undefined ? [] : await policiesOf(means.store, owner, context.step.signal);
  if (owner !== undefined) await attachInline(means.store, owner, policies, context.step.signal);
  const after = await answered(() => tried(means.store, newKey, means.admin, rehearsal, context), context.step);
  const evaluated =
    owner === undefined
      ? undefined
      : await compareRights({
          before: rehearsal,
          after: { user: owner, documents: policies.map(({ document }) => document) },
          place: rehearsal,
          now: new Date(context.step.clock.now().utc),
          signal: context.step.signal,
        });
  const pairs = after.map((one, index) => ({ ...one, was: before[index]?.answer.outcome, is: one.answer.outcome }));
  const open = ['failed', undefined];
  return {
    added: [
      // Rights of everyone matter most.
      ...bucketPolicy,
      ...pairs.filter(({ was, is }) => was === 'refused' && is === 'allowed').map(({ asked }) => asked),
      ...(evaluated?.added ?? []),
    ],
    lost: [
      ...pairs.filter(({ was, is }) => was === 'allowed' && is === 'refused').map(({ asked }) => asked),
      ...(evaluated?.lost ?? []),
    ],
    undecided: [
      ...pairs.filter(({ was, is }) => open.includes(was) || open.includes(is)).map(({ asked }) => asked),
      ...(evaluated?.undecided ?? []),
    ],
    tried: after.length,
  };
}

async function triedBefore(rehearsal: Rehearsal, context: PostureContext): Promise<readonly Tried[]> {
  const { target, step } = context;
  await using store = await target.place(enforcingStore, { label: 'rotation-rights' }, step.signal);
  using users = new StoreUsers(store, step);
  const admin = s3Client(store.s3);
  try {
    const key = await users.add(rehearsal.user, rehearsal.documents);
    return await answered(() => tried(store, key, admin, rehearsal, context), step);
  } finally {
    admin.destroy();
  }
}

/** Makes the same requests in the same order for any key. */
async function tried(
  { s3 }: EnforcingStore,
  credentials: KeyPair,
  admin: S3Client,
  { bucket, prefix }: Rehearsal,
  { step: { signal } }: PostureContext,
): Promise<readonly Tried[]> {
  for (const each of [bucket, OTHER_BUCKET]) await ensureBucket(admin, each, signal);
  const found: Tried[] = [];
  for (const [asked, method, path, body] of [
    ['reading, unsigned', 'GET', `${bucket}/${prefix}dr-contracts-unsigned`, undefined],
    ['writing, unsigned', 'PUT', `${bucket}/${prefix}dr-contracts-unsigned`, 'x'],
    ['listing, unsigned', 'GET', `${bucket}?list-type=2`, undefined],
  ] as const) {
    const { status, statusText } = await httpRequest(method, `${s3.endpoint}/${path}`, signal, body);
    found.push({ asked, answer: answerOf(status, statusText) });
  }
  const plan = planTrial([{ bucket, prefix, may: [] }], allOperations);
  const client = s3Client(s3, { maxAttempts: 1, credentials });
  try {
    const answers = await performAll(plan, { admin, client, signal });
    for (const [index, { operation, bucket: where, prefix: below }] of plan.entries()) {
      const answer = answers[index] ?? { outcome: 'failed', said: 'nothing' };
      found.push({ asked: `${operation.id} on ${where}${below === undefined ? '' : `/${below}`}`, answer });
    }
    return found;
  } finally {
    client.destroy();
  }
}

async function policiesOf({ s3 }: EnforcingStore, name: string, signal: AbortSignal): Promise<readonly LivePolicy[]> {
  return (await readWriter(s3, { kind: 'user', name }, signal)) ?? [];
}

/** Attaches inline policies as managed ones, like those of the old key: SeaweedFS applies inline policies without their conditions. */
async function attachInline(
  { s3 }: EnforcingStore,
  UserName: string,
  policies: readonly LivePolicy[],
  abortSignal: AbortSignal,
): Promise<void> {
  const client = iamClient(s3);
  const options = { abortSignal };
  try {
    const names: string[] = [];
    for await (const { PolicyNames = [] } of paginateListUserPolicies({ client }, { UserName }, options)) {
      names.push(...PolicyNames);
    }
    for (const [index, PolicyName] of names.entries()) {
      const document = policies.find(({ name }) => name === `policy ${PolicyName}`)?.document;
      const made = await client.send(
        new CreatePolicyCommand({
          PolicyName: `dr-contracts-inline-${index}`,
          PolicyDocument: JSON.stringify(document),
        }),
        options,
      );
      await client.send(new AttachUserPolicyCommand({ UserName, PolicyArn: made.Policy?.Arn }), options);
      await client.send(new DeleteUserPolicyCommand({ UserName, PolicyName }), options);
    }
  } finally {
    client.destroy();
  }
}
