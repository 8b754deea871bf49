import { z } from 'zod';
import { parseJsonText } from '../../base/json-text.ts';
import type { S3Place } from '../s3/service.ts';

/** A policy of a live user or role, with its origin. */
export interface LivePolicy {
  /** Such as `attached policy backup-writer` or `policy extra of group operators`. */
  readonly name: string;
  readonly document: unknown;
  /** Duplicate names in an object of its text. */
  readonly repeated: readonly string[];
}

type Iam = typeof import('@aws-sdk/client-iam');

/** IAM returns documents URL-encoded (RFC 3986). */
const encodedJson = z.string().transform((text) => parseJsonText(decodeURIComponent(text)));

/**
 * Reads every policy of a live user or role: inline, attached, and those of its groups.
 * @returns undefined if the user or role does not exist.
 */
export async function readWriter(
  place: S3Place,
  writer: { readonly kind: 'user' | 'role'; readonly name: string },
  signal: AbortSignal,
): Promise<readonly LivePolicy[] | undefined> {
  // Loaded on first use, so listing contracts does not wait for it.
  const iam = await import('@aws-sdk/client-iam');
  const { endpoint, region, accessKeyId, secretAccessKey } = place;
  const client = new iam.IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 3 });
  const reader = new PolicyReader(iam, client, signal);
  try {
    return writer.kind === 'user' ? await reader.ofUser(writer.name) : await reader.ofRole(writer.name);
  } catch (error) {
    if (error instanceof iam.NoSuchEntityException) return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}

interface Attached {
  readonly PolicyName?: string | undefined;
  readonly PolicyArn?: string | undefined;
}

class PolicyReader {
  readonly #iam: Iam;
  readonly #client: InstanceType<Iam['IAMClient']>;
  readonly #options: { readonly abortSignal: AbortSignal };

  constructor(iam: Iam, client: InstanceType<Iam['IAMClient']>, abortSignal: AbortSignal) {
    this.#iam = iam;
    this.#client = client;
    this.#options = { abortSignal };
  }

  async ofUser(UserName: string): Promise<readonly LivePolicy[]> {
    const [iam, client] = [this.#iam, this.#client];
    const page = { client };
    const own: LivePolicy[] = [];
    for (const PolicyName of await all(
      iam.paginateListUserPolicies(page, { UserName }, this.#options),
      (each) => each.PolicyNames,
    )) {
      const { PolicyDocument } = await client.send(
        new iam.GetUserPolicyCommand({ UserName, PolicyName }),
        this.#options,
      );
      own.push({ name: `policy ${PolicyName}`, ...encodedJson.parse(PolicyDocument) });
    }
    const attached = iam.paginateListAttachedUserPolicies(page, { UserName }, this.#options);
    own.push(...(await this.#managed(await all(attached, (each) => each.AttachedPolicies), '')));
    const groups = await all(iam.paginateListGroupsForUser(page, { UserName }, this.#options), (each) => each.Groups);
    for (const { GroupName } of groups) {
      if (GroupName !== undefined) own.push(...(await this.#ofGroup(GroupName)));
    }
    return own;
  }

  async ofRole(RoleName: string): Promise<readonly LivePolicy[]> {
    const [iam, client] = [this.#iam, this.#client];
    const page = { client };
    const own: LivePolicy[] = [];
    for (const PolicyName of await all(
      iam.paginateListRolePolicies(page, { RoleName }, this.#options),
      (each) => each.PolicyNames,
    )) {
      const { PolicyDocument } = await client.send(
        new iam.GetRolePolicyCommand({ RoleName, PolicyName }),
        this.#options,
      );
      own.push({ name: `policy ${PolicyName}`, ...encodedJson.parse(PolicyDocument) });
    }
    const attached = iam.paginateListAttachedRolePolicies(page, { RoleName }, this.#options);
    return [...own, ...(await this.#managed(await all(attached, (each) => each.AttachedPolicies), ''))];
  }

  async #ofGroup(GroupName: string): Promise<readonly LivePolicy[]> {
    const [iam, client] = [this.#iam, this.#client];
    const page = { client };
    const of = ` of group ${GroupName}`;
    const own: LivePolicy[] = [];
    for (const PolicyName of await all(
      iam.paginateListGroupPolicies(page, { GroupName }, this.#options),
      (each) => each.PolicyNames,
    )) {
      const { PolicyDocument } = await client.send(
        new iam.GetGroupPolicyCommand({ GroupName, PolicyName }),
        this.#options,
      );
      own.push({ name: `policy ${PolicyName}${of}`, ...encodedJson.parse(PolicyDocument) });
    }
    const attached = iam.paginateListAttachedGroupPolicies(page, { GroupName }, this.#options);
    return [...own, ...(await this.#managed(await all(attached, (each) => each.AttachedPolicies), of))];
  }

  /** Reads the version in force of each managed policy. */
  async #managed(attached: readonly Attached[], of: string): Promise<readonly LivePolicy[]> {
    const [iam, client] = [this.#iam, this.#client];
    const policies: LivePolicy[] = [];
    for (const { PolicyName = 'without a name', PolicyArn } of attached) {
      const { Policy } = await client.send(new iam.GetPolicyCommand({ PolicyArn }), this.#options);
      const VersionId = Policy?.DefaultVersionId;
      const version = await client.send(new iam.GetPolicyVersionCommand({ PolicyArn, VersionId }), this.#options);
      policies.push({
        name: `attached policy ${PolicyName}${of}`,
        ...encodedJson.parse(version.PolicyVersion?.Document),
      });
    }
    return policies;
  }
}

/** Returns the items of every page of an answer. */
async function all<Page, T>(
  pages: AsyncIterable<Page>,
  of: (page: Page) => readonly T[] | undefined,
): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const page of pages) found.push(...(of(page) ?? []));
  return found;
}
