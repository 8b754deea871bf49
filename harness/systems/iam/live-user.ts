import { z } from 'zod';
import type { S3Place } from '../../model/target.ts';

/** What a live user is allowed by: its own policies, and the names of everything else that adds to them. */
export interface LiveUser {
  readonly policies: readonly { readonly name: string; readonly document: unknown }[];
  readonly attached: readonly string[];
  readonly groups: readonly string[];
}

/** IAM answers documents URL-encoded (RFC 3986). */
const encodedJson = z.string().transform((text): unknown => JSON.parse(decodeURIComponent(text)));

/** @returns nothing when there is no such user. */
export async function readUser(place: S3Place, user: string, signal: AbortSignal): Promise<LiveUser | undefined> {
  // Loaded when it is used: who only lists contracts does not wait for it.
  const iam = await import('@aws-sdk/client-iam');
  const { endpoint, region, accessKeyId, secretAccessKey } = place;
  const client = new iam.IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 3 });
  const UserName = user;
  const options = { abortSignal: signal };
  try {
    const [own, attached, groups] = await Promise.all([
      client.send(new iam.ListUserPoliciesCommand({ UserName }), options),
      client.send(new iam.ListAttachedUserPoliciesCommand({ UserName }), options),
      client.send(new iam.ListGroupsForUserCommand({ UserName }), options),
    ]);
    const policies = (own.PolicyNames ?? []).map(async (PolicyName) => {
      const { PolicyDocument } = await client.send(new iam.GetUserPolicyCommand({ UserName, PolicyName }), options);
      return { name: PolicyName, document: encodedJson.parse(PolicyDocument) };
    });
    return {
      policies: await Promise.all(policies),
      attached: (attached.AttachedPolicies ?? []).map(({ PolicyName }) => PolicyName ?? 'without a name'),
      groups: (groups.Groups ?? []).map(({ GroupName }) => GroupName ?? 'without a name'),
    };
  } catch (error) {
    if (error instanceof iam.NoSuchEntityException) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}
