import { z } from 'zod';
import type { PostureCheck } from '../../model/posture.ts';
import { type LiveUser, readUser } from '../../systems/iam/live-user.ts';
import { compareTransportPolicy, compareWriterPolicy } from '../../systems/iam/writer-policy.ts';
import { compareSetting, type SettingComparison } from '../../systems/s3/compare-settings.ts';
import { readBucketSettings } from '../bucket-reads.ts';
import { parseOptions, pathSchema, prefixSchema, readDocument } from '../documents.ts';

const action = z.string().regex(/^s3:[A-Za-z]+$/, 'must be an action such as s3:PutObject');

const scopeSchema = z.strictObject({
  bucket: z.string().min(1),
  /** Empty for the whole bucket. */
  prefix: prefixSchema.or(z.literal('')),
  /** Every action that the writer needs, and nothing else. With a prefix, listing is allowed with it only. */
  may: z.array(action).min(1),
});

const writerSchema = scopeSchema.extend({
  /** The policy document: a JSON file of the platform. */
  policy: pathSchema,
  /** The live IAM user that has it; only the document is looked at when left out. */
  user: z.string().min(1).optional(),
  /** What it needs in other buckets. */
  also: z.array(scopeSchema).default([]),
});
export type WriterPolicyOptions = z.input<typeof writerSchema>;

/** The policy of a writer allows what it needs below its prefix, and nothing else: decided for every action of S3, as IAM would. */
export function writerPolicy(options: WriterPolicyOptions): PostureCheck {
  const { policy, user, also, ...scope } = parseOptions('writerPolicy', writerSchema, options);
  const scopes = [scope, ...also];
  const where = scopes.map(({ bucket, prefix }) => (prefix === '' ? `in ${bucket}` : `below ${prefix}`));
  return {
    name: `${(scope.prefix === '' ? scope.bucket : scope.prefix.slice(0, -1)).replaceAll('/', '-')}-writer-policy`,
    promise: `${policy} lets its writer work ${where.join(' and ')} and do nothing else`,
    needs: user === undefined ? [] : ['s3'],
    reads: [policy],
    async observe({ target, step }) {
      const declared = await readDocument(policy);
      const decided = await compareWriterPolicy(policy, declared, scopes, step.signal);
      if (user === undefined) return decided;
      const live = compareUser(user, declared, await readUser(target.s3, user, step.signal));
      return {
        ...decided,
        of: 'requests and live statements',
        compared: decided.compared + live.compared,
        differing: decided.differing + live.differences.length,
        firstDifferences: [...live.differences, ...decided.firstDifferences],
      };
    },
  };
}

/** The live user has the declared policy, and nothing besides that allows it more. */
function compareUser(user: string, declared: unknown, live: LiveUser | undefined): SettingComparison {
  const item = `IAM user ${user}`;
  const nextStep = 'Apply what is declared, and nothing else.';
  if (live === undefined) {
    return {
      compared: 1,
      differences: [{ item, expected: 'the user of the policy', found: 'no such user', nextStep }],
    };
  }
  const [own, ...others] = live.policies;
  const compared = compareSetting(item, declared, own?.document);
  const more = [
    ...others.map(({ name }) => `policy ${name}`),
    ...live.attached.map((name) => `attached policy ${name}`),
    ...live.groups.map((name) => `group ${name}`),
  ];
  const additions = more.map((found) => ({ item, expected: 'one policy and nothing else', found, nextStep }));
  return { compared: compared.compared + more.length, differences: [...additions, ...compared.differences] };
}

const transportSchema = z.strictObject({ bucket: z.string().min(1), prefix: prefixSchema });
export type EncryptedTransportOptions = z.input<typeof transportSchema>;

/** The live bucket's own policy refuses whatever comes unencrypted or unsigned, and nothing else. */
export function encryptedTransport(options: EncryptedTransportOptions): PostureCheck {
  const scope = parseOptions('encryptedTransport', transportSchema, options);
  return {
    name: `${scope.bucket}-encrypted-transport`,
    promise: `Bucket ${scope.bucket} answers only signed requests over TLS`,
    needs: ['s3'],
    async observe({ target, step }) {
      const { settings } = await readBucketSettings(target.s3, scope.bucket, step.signal);
      const name = `the policy of bucket ${scope.bucket}`;
      // A bucket without a policy refuses nothing: what an empty one would do is what happens.
      const none = { Version: '2012-10-17', Statement: [] };
      return await compareTransportPolicy(name, settings.policy ?? none, scope, step.signal);
    },
  };
}
