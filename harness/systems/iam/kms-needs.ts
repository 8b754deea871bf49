import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import { SAMPLE_ACCOUNT } from './facts.ts';
import { instancesOf, type Variables } from './patterns.ts';
import type { Statement } from './policy-document.ts';
import type { WriterScope } from './requests.ts';

/** KMS keys that encrypt a writer's objects, and the rights on them that it needs. */
export interface KmsNeeds {
  /** ARNs of which one is the key; empty if S3's own key or none encrypts. */
  readonly keys: readonly string[];
  readonly actions: readonly string[];
}

const NO_NEEDS: KmsNeeds = { keys: [], actions: [] };
const KEY_ID = 's3:x-amz-server-side-encryption-aws-kms-key-id';

/** The form that `aws s3api put-bucket-encryption` takes. */
const configurationSchema = z.looseObject({
  Rules: z
    .array(
      z.looseObject({
        ApplyServerSideEncryptionByDefault: z
          .looseObject({ SSEAlgorithm: z.string(), KMSMasterKeyID: z.string().optional() })
          .optional(),
      }),
    )
    .default([]),
});
/** `get-bucket-encryption` wraps it in its name. */
const encryptionSchema = z.union([
  z
    .looseObject({ ServerSideEncryptionConfiguration: configurationSchema })
    .transform((each) => each.ServerSideEncryptionConfiguration),
  configurationSchema,
]);

/**
 * Returns what a writer needs of KMS. A key in the bucket's default, or required by the policy for each upload, belongs to the account and
 * needs permissions of its own: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html. S3's own key (`aws:kms`
 * without a key) needs none.
 * @param encryption default encryption of the bucket, as declared or as read; undefined if unknown.
 */
export function kmsNeedsOf(
  encryption: unknown,
  statements: readonly Statement[],
  scopes: readonly WriterScope[],
  { partition, variables }: { readonly partition: string; readonly variables: Variables },
): KmsNeeds {
  // Keys that an Allow requires or a Deny exempts: a key that a Deny names is not the one in use.
  const asked = statements
    .flatMap(({ effect, conditions }) =>
      conditions.filter(({ operator }) => /Not/.test(operator) === (effect === 'Deny')),
    )
    .filter(({ key, operator }) => key.toLowerCase() === KEY_ID && !/^Null$/i.test(operator))
    .flatMap(({ values }) => values);
  const key = asked[0] ?? defaultKeyOf(encryption);
  if (key === undefined || key.endsWith('alias/aws/s3')) return NO_NEEDS;
  const may = new Set(scopes.flatMap((scope) => scope.may));
  const inParts = may.has('s3:ListMultipartUploadParts') || may.has('s3:AbortMultipartUpload');
  const writes = may.has('s3:PutObject');
  const decrypts = may.has('s3:GetObject') || (writes && inParts);
  const actions = [...(writes ? ['kms:GenerateDataKey'] : []), ...(decrypts ? ['kms:Decrypt'] : [])];
  const named = statements
    .flatMap(({ resources }) => resources)
    .filter((each) => /^arn:[^:]*:kms:[^:]*:[^:]*:(?!alias\/)/.test(each));
  const mayBe = named.flatMap((each) => instancesOf(each, variables));
  const id = key.replace(/^.*\//, '');
  const made = `arn:${partition}:kms:us-west-2:${SAMPLE_ACCOUNT}:key/${id}`;
  // An alias does not reveal its key: it could be any key that the policy names.
  if (key.includes('alias/')) return { keys: mayBe.length === 0 ? [made] : mayBe, actions };
  if (key.startsWith('arn:')) return { keys: instancesOf(key, variables).slice(-1), actions };
  const ofThatId = mayBe.filter((each) => each.endsWith(`/${id}`));
  return { keys: ofThatId.length === 0 ? [made] : ofThatId, actions };
}

function defaultKeyOf(encryption: unknown): string | undefined {
  if (encryption === undefined) return undefined;
  const parsed = encryptionSchema.safeParse(encryption);
  if (!parsed.success) {
    throw new ExplainedError({
      thing: 'default encryption of the bucket (`encryption`)',
      expected: '{ "Rules": […] }, as `aws s3api put-bucket-encryption` takes it',
      observed: 'something else',
      nextStep: 'Correct the file.',
    });
  }
  const [rule] = parsed.data.Rules;
  const byDefault = rule?.ApplyServerSideEncryptionByDefault;
  return byDefault?.SSEAlgorithm.startsWith('aws:kms') === true ? byDefault.KMSMasterKeyID : undefined;
}
