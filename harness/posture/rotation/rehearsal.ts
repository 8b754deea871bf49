import { GetBucketLifecycleConfigurationCommand, GetBucketPolicyCommand, type S3Client } from '@aws-sdk/client-s3';
import type { PostureContext } from '../../model/posture.ts';
import type { KeyPair, StoreUsers } from '../../systems/iam/enforced/store-users.ts';
import { statementsOf } from '../../systems/iam/policy-document.ts';
import { lifecycleOf } from '../../systems/s3/lifecycle.ts';
import type { EnforcingStore } from '../../systems/s3/service.ts';
import { answered } from './replies.ts';

export interface Rehearsal {
  readonly user: string;
  /** All policy documents of the user. */
  readonly documents: readonly unknown[];
  readonly bucket: string;
  /** Prefix of its backups; ends in "/". */
  readonly prefix: string;
  /** The platform's script that rotates a key; without one, the harness makes a new key and deletes the old one. */
  readonly rotatedBy: string | undefined;
  /** The platform's backup; without one, sample objects are uploaded. */
  readonly backup: { readonly script: string; readonly environment: Readonly<Record<string, string>> } | undefined;
  /** Documented time in which nothing may work during the rotation, in milliseconds; 0 if the platform documents none. */
  readonly pauseMs: number;
}

/** Resources of a rehearsal. */
export interface Means {
  readonly rehearsal: Rehearsal;
  readonly store: EnforcingStore;
  readonly users: StoreUsers;
  readonly admin: S3Client;
  /** Returns a client with that key that makes each request once. */
  readonly as: (credentials: KeyPair) => S3Client;
  readonly context: PostureContext;
  /** Versions of objects below the prefix that were already read; all others were written since. */
  readonly seen: Set<string>;
  /** Policies that the bucket had during the rotation. */
  readonly policiesSeen: Set<string>;
}

type Place = Pick<Means, 'admin' | 'rehearsal' | 'context'>;

/** Records the bucket's present policy: a rotation may open the bucket and close it again before it ends. */
export async function notePolicy(means: Means): Promise<void> {
  const text = await policyText(means);
  if (text !== undefined) means.policiesSeen.add(text);
}

/** Returns the statements of the recorded policies that admit anyone but the user of the new key. The rotation added them. */
export async function allowedToOthers(means: Means, owner: string | undefined): Promise<readonly string[]> {
  const last = await policyText(means);
  const atTheEnd = othersIn(last, means, owner);
  const meanwhile = [...means.policiesSeen]
    .filter((text) => text !== last)
    .flatMap((text) => othersIn(text, means, owner))
    .filter((each) => !atTheEnd.includes(each));
  return [...atTheEnd, ...new Set(meanwhile.map((each) => `${each}, for a part of the rotation`))];
}

function othersIn(text: string | undefined, { rehearsal }: Place, owner: string | undefined): readonly string[] {
  if (text === undefined) return [];
  return statementsOf(JSON.parse(text))
    .filter(({ effect, principals }) => effect === 'Allow' && !principals.every((each) => isOwner(each, owner)))
    .map(
      ({ name, principals, actions }) =>
        `${actions.join(', ')} for ${principals.join(', ')} (${name} of the policy of ${rehearsal.bucket})`,
    );
}

const isOwner = (principal: string, owner: string | undefined): boolean =>
  owner !== undefined && principal.endsWith(`:user/${owner}`);

async function policyText(means: Place): Promise<string | undefined> {
  const { admin, rehearsal, context } = means;
  const command = new GetBucketPolicyCommand({ Bucket: rehearsal.bucket });
  const get = () => admin.send(command, { abortSignal: context.step.signal });
  const { Policy } = (await ifThere(means, get, 'NoSuchBucketPolicy')) ?? {};
  return Policy === '' ? undefined : Policy;
}

/** Returns the effect of the bucket's lifecycle on the writer's recovery points, in a comparable form. */
export async function lifecycleNow(means: Place): Promise<string> {
  const { admin, rehearsal, context } = means;
  const command = new GetBucketLifecycleConfigurationCommand({ Bucket: rehearsal.bucket });
  const get = () => admin.send(command, { abortSignal: context.step.signal });
  const found = await ifThere(means, get, 'NoSuchLifecycleConfiguration');
  return JSON.stringify(lifecycleOf(rehearsal.prefix, found === undefined ? undefined : { Rules: found.Rules ?? [] }));
}

async function ifThere<T>({ context }: Place, get: () => Promise<T>, absence: string): Promise<T | undefined> {
  return await answered(async () => {
    try {
      return await get();
    } catch (error) {
      if (error instanceof Error && error.name === absence) return undefined;
      throw error;
    }
  }, context.step);
}
