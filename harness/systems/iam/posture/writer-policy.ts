import { z } from 'zod';
import { type Comparison, comparisonOf } from '../../../model/comparison.ts';
import type { PostureCheck, PostureDifference } from '../../../model/posture.ts';
import {
  nameSchema,
  parseOptions,
  pathSchema,
  prefixSchema,
  readDocument,
  readPolicy,
} from '../../../posture-kit/check-options.ts';
import { readBucketSettings } from '../../s3/bucket-reads.ts';
import { compareSetting } from '../../s3/compare-settings.ts';
import { s3Store } from '../../s3/service.ts';
import { REGIONS } from '../facts.ts';
import { type LivePolicy, readWriter } from '../live-writer.ts';
import { decideTransportPolicy } from '../transport-policy.ts';
import { decideWriterPolicy } from '../writer-policy.ts';

/** Basis of a decision made from the policy documents alone, without asking a service. */
export const EVALUATION = 'evaluation';

const action = z
  .string()
  .regex(/^[a-z0-9-]+:[A-Za-z0-9*]+$/, 'must be an action such as s3:PutObject or ec2:Describe*');

export const scopeSchema = z.strictObject({
  bucket: z.string().min(1),
  /** Empty for the whole bucket. */
  prefix: prefixSchema.or(z.literal('')),
  /** Every action that the writer needs, and no other. With a prefix, listing is allowed with that prefix only. */
  may: z.array(action).min(1),
  /** Key names that it uses below the prefix, such as `*.tar`; `*` matches any characters, including `/`. If absent: any name. */
  keys: z
    .array(z.string().regex(/^[^/]/, 'must be a name below the prefix, without a "/" before it'))
    .min(1)
    .optional(),
  /** Region of the bucket, for conditions on `aws:RequestedRegion`. Without it such a condition is recorded, not judged. */
  region: z.enum(REGIONS, { error: 'must be a region of AWS, such as eu-west-1' }).optional(),
});

const writerFields = scopeSchema.extend({
  /** The policy document: a JSON file of the platform. */
  policy: pathSchema,
  /** The live IAM user with that policy. Without a user or a role, the check reads only the document. */
  user: z.string().min(1).optional(),
  /** The live IAM role with that policy. */
  role: z.string().min(1).optional(),
  /** Default encryption of the bucket: a JSON file in the form that `aws s3api put-bucket-encryption` takes it. */
  encryption: pathSchema.optional(),
  /** Rights that the writer needs in other buckets. */
  also: z.array(scopeSchema).default([]),
  /** Name of the check, where several writers share a prefix; by default it is derived from the prefix. */
  name: nameSchema.optional(),
});
const writerSchema = writerFields.refine(({ user, role }) => user === undefined || role === undefined, {
  error: 'must be left out where there is a user',
  path: ['role'],
});
type WriterPolicyOptions = z.input<typeof writerSchema>;

/** A policy allows its writer what it needs below its prefix, and nothing else. The check decides every action of S3 as IAM would. */
export function writerPolicy(options: WriterPolicyOptions): PostureCheck {
  const {
    policy,
    user,
    role,
    encryption,
    also,
    name: called,
    ...scope
  } = parseOptions('writerPolicy', writerSchema, options);
  const scopes = [scope, ...also];
  const where = scopes.map(({ bucket, prefix }) => (prefix === '' ? `in ${bucket}` : `below ${prefix}`));
  const kind = role === undefined ? 'user' : 'role';
  const name = user ?? role;
  return {
    name:
      called ??
      `${(scope.prefix === '' ? scope.bucket : scope.prefix.slice(0, -1)).replaceAll('/', '-')}-writer-policy`,
    promise: `${policy} lets its writer work ${where.join(' and ')} and do nothing else`,
    condition: 'access',
    needs: name === undefined ? [] : ['s3'],
    reads: encryption === undefined ? [policy] : [policy, encryption],
    async observe({ target, step }) {
      const { document: declared, repeated } = await readPolicy(policy);
      const question = {
        scopes,
        writer: { kind, name },
        ...(encryption === undefined ? {} : { encryption: await readDocument(encryption) }),
        now: new Date(step.clock.now().utc),
        signal: step.signal,
      } as const;
      const decided = await decideWriterPolicy({
        ...question,
        name: policy,
        documents: [{ name: policy, document: declared, repeated }],
      });
      if (name === undefined) return comparisonOf({ ...decided, basis: EVALUATION });
      const item = `IAM ${kind} ${name}`;
      const documents = await readWriter(await target.place(s3Store), { kind, name }, step.signal);
      const live = compareLive(item, declared, documents);
      const besides =
        live.isDeclaredAlone || documents === undefined || documents.length === 0
          ? undefined
          : await decideWriterPolicy({ ...question, name: item, documents });
      return comparisonOf({ ...together(decided, live, besides), basis: EVALUATION });
    },
  };
}

/** Joins the decision on the document, the comparison with the live writer, and the decision on all policies together. */
function together(
  decided: Comparison,
  live: Pick<Comparison, 'compared' | 'differences'>,
  besides: Comparison | undefined,
): Comparison {
  const told = new Set(decided.differences.map(({ item }) => item));
  const news = besides?.differences.filter(({ item }) => !told.has(item)) ?? [];
  return {
    of: 'requests and live statements',
    compared: decided.compared + live.compared + (besides?.compared ?? 0),
    differences: [...news, ...live.differences, ...decided.differences],
    undecided: [...(decided.undecided ?? []), ...(besides?.undecided ?? [])],
    evidence: { ...decided.evidence },
    notVerified: [...new Set([...(decided.notVerified ?? []), ...(besides?.notVerified ?? [])])],
  };
}

const transportSchema = z.strictObject({ bucket: z.string().min(1), prefix: prefixSchema });
type EncryptedTransportOptions = z.input<typeof transportSchema>;

/** The live bucket's own policy refuses unencrypted and unsigned requests, and nothing else. */
export function encryptedTransport(options: EncryptedTransportOptions): PostureCheck {
  const scope = parseOptions('encryptedTransport', transportSchema, options);
  return {
    name: `${scope.bucket}-encrypted-transport`,
    promise: `Bucket ${scope.bucket} answers only signed requests over TLS`,
    needs: ['s3'],
    async observe({ target, step }) {
      const { settings } = await readBucketSettings(await target.place(s3Store), scope.bucket, step.signal);
      const name = `the policy of bucket ${scope.bucket}`;
      // A bucket without a policy refuses nothing, as with an empty policy.
      const none = { Version: '2012-10-17', Statement: [] };
      return comparisonOf(
        await decideTransportPolicy({
          ...scope,
          name,
          document: settings.policy ?? none,
          now: new Date(step.clock.now().utc),
          signal: step.signal,
        }),
      );
    },
  };
}

interface LiveComparison {
  readonly compared: number;
  readonly differences: readonly PostureDifference[];
  /** True if the writer has no policy but the declared document. */
  readonly isDeclaredAlone: boolean;
}

/**
 * Compares the declared document with those of a live user or role. Additional documents are judged by what they allow, so a policy that
 * only protects is no difference.
 * @param item name of the writer in messages.
 * @param live undefined if the user or role does not exist.
 */
function compareLive(item: string, declared: unknown, live: readonly LivePolicy[] | undefined): LiveComparison {
  const cause = 'policy-not-applied';
  const nextStep = 'Give it the declared policy.';
  if (live === undefined) {
    const difference = {
      item,
      expected: 'the user or role of the policy',
      found: 'none of that name',
      nextStep: 'Correct the name in the contract, or create it and give it the declared policy.',
      cause,
    };
    return { compared: 1, differences: [difference], isDeclaredAlone: false };
  }
  const [closest] = live
    .map(({ name, document }) => compareSetting(`${item}, ${name}`, declared, document))
    .toSorted((one, other) => one.differences.length - other.differences.length);
  if (closest === undefined) {
    const difference = { item, expected: 'the declared policy', found: 'no policy at all', nextStep, cause };
    return { compared: 1, differences: [difference], isDeclaredAlone: false };
  }
  return {
    compared: closest.compared,
    // An undeclared live statement may protect, so the report does not tell the reader to remove it.
    differences: closest.differences.map((difference) => ({
      ...difference,
      cause,
      ...(difference.expected === 'nothing' ? { nextStep: 'Declare it in the policy.' } : {}),
    })),
    isDeclaredAlone: live.length === 1 && closest.differences.length === 0,
  };
}
