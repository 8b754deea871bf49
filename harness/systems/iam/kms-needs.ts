import { z } from 'zod';
import { ExplainedError } from '../../model/errors.ts';
import { SAMPLE_ACCOUNT } from './facts.ts';
import { instancesOf, type Variables } from './patterns.ts';
import type { Statement } from './policy-document.ts';
import type { WriterScope } from './requests.ts';

/** Which KMS keys encrypt what a writer writes, and what it must be allowed to do with them. */
export interface KmsNeeds {
  /** ARNs, one of which is the key; none where S3's own key or none encrypts. */
  readonly keys: readonly string[];
  readonly actions: readonly string[];
}

const NO_NEEDS: KmsNeeds = { keys: [], actions: [] };
const KEY_ID = 's3:x-amz-server-side-encryption-aws-kms-key-id';

/** In the form in which `aws s3api put-bucket-encryption` takes it. */
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
/** `get-bucket-encryption` prints it with its name around it. */
const encryptionSchema = z.union([
  z
    .looseObject({ ServerSideEncryptionConfiguration: configurationSchema })
    .transform((each) => each.ServerSideEncryptionConfiguration),
  configurationSchema,
]);

/**
 * What a writer needs of KMS. A key that the bucket's default names, or that the policy asks for in each upload, belongs to the
 * account, and its use takes permissions of its own: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html.
 * S3's own key (`aws:kms` without a key) takes none.
 * @param encryption default encryption of the bucket, as declared or as read; undefined when nobody said.
 */
export function kmsNeedsOf(
  encryption: unknown,
  statements: readonly Statement[],
  scopes: readonly WriterScope[],
  { partition, variables }: { readonly partition: string; readonly variables: Variables },
): KmsNeeds {
  // What an Allow asks for, and what a Deny lets through: a key that a Deny names is not the one in use.
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
  // An alias does not tell its key: any that the policy names could be it.
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
