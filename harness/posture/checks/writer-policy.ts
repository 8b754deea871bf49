import { z } from 'zod';
import type { PostureCheck } from '../../model/posture.ts';
import { compareTransportPolicy, compareWriterPolicy } from '../../systems/iam/writer-policy.ts';
import { readBucketSettings } from '../bucket-reads.ts';
import { parseOptions, pathSchema, prefixSchema, readDocument } from '../documents.ts';

const action = z.string().regex(/^s3:[A-Za-z]+$/, 'must be an action such as s3:PutObject');

const writerSchema = z.strictObject({
  /** The policy document: a JSON file of the platform. */
  policy: pathSchema,
  bucket: z.string().min(1),
  prefix: prefixSchema,
  /** Every action that the writer needs, and nothing else. Listing is allowed with the prefix only. */
  may: z.array(action).min(1),
});
export type WriterPolicyOptions = z.input<typeof writerSchema>;

/** The policy of a writer allows what it needs below its prefix, and nothing else: decided for every action of S3, as IAM would. */
export function writerPolicy(options: WriterPolicyOptions): PostureCheck {
  const { policy, ...scope } = parseOptions('writerPolicy', writerSchema, options);
  return {
    name: `${scope.prefix.slice(0, -1).replaceAll('/', '-')}-writer-policy`,
    promise: `${policy} lets its writer work below ${scope.prefix} and do nothing else`,
    needs: [],
    observe: async ({ step }) => compareWriterPolicy(policy, await readDocument(policy), scope, step.signal),
  };
}

const transportSchema = z.strictObject({ bucket: z.string().min(1), prefix: prefixSchema });
export type EncryptedTransportOptions = z.input<typeof transportSchema>;

/** The live bucket's own policy refuses whatever comes unencrypted or unsigned, and nothing else. */
export function encryptedTransport(options: EncryptedTransportOptions): PostureCheck {
  const scope = parseOptions('encryptedTransport', transportSchema, options);
  return {
    name: 'encrypted-transport',
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
