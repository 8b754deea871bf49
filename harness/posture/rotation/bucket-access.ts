import { GetBucketLifecycleConfigurationCommand, GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { statementsOf } from '../../systems/iam/policy-document.ts';
import { lifecycleOf } from '../../systems/s3/lifecycle.ts';
import type { Means } from './rehearsal.ts';
import { answered } from './replies.ts';

type Place = Pick<Means, 'admin' | 'rehearsal' | 'context'>;

/** Notes the policy that the bucket has now: a rotation may open the bucket and close it again before it ends. */
export async function notePolicy(means: Means): Promise<void> {
  const text = await policyText(means);
  if (text !== undefined) means.policiesSeen.add(text);
}

/** Statements of the policies that the bucket had which let somebody in who is not the user of the new key: the rotation put them there. */
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

/** What the bucket's lifecycle does to the recovery points of the writer, in a form that can be compared. */
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
