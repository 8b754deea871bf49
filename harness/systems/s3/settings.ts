import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { parseJsonText } from '../../base/json-text.ts';
import { s3Client } from '../../clients/s3.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { S3Place } from './service.ts';

export const settingNames = ['versioning', 'lifecycle', 'encryption', 'public-access', 'policy'] as const;
export type SettingName = (typeof settingNames)[number];

/** Settings of a live bucket, each in the form that the AWS command line takes; undefined if not set. */
export interface LiveSettings {
  readonly region: string;
  readonly settings: Readonly<Record<SettingName, unknown>>;
  /**
   * Classes into which its lifecycle also moves objects of less than 128 KiB: the archives if it says `varies_by_storage_class`
   * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html).
   */
  readonly movesSmallInto: readonly string[];
}

/** @throws {ExplainedError} for a policy with duplicate names, because it is unknown which one is in force. */
function policyIn(text: string, bucket: string): unknown {
  const { document, repeated } = parseJsonText(text);
  const [first] = repeated;
  if (first === undefined) return document;
  throw new ExplainedError({
    thing: `the policy of bucket ${bucket}`,
    expected: 'each name to stand once in its object',
    observed: first,
    nextStep: 'Write it once, with both contents if both are meant.',
    cause: 'policy-rejected',
  });
}

/** Reads the settings from the bucket. @throws the service's own error if the bucket does not exist. */
export async function readBucketSettings(place: S3Place, bucket: string, signal: AbortSignal): Promise<LiveSettings> {
  const client = s3Client(place, { maxAttempts: 3 });
  try {
    const Bucket = bucket;
    const options = { abortSignal: signal };
    const [location, versioning, lifecycle, encryption, access, policy] = await Promise.all([
      client.send(new GetBucketLocationCommand({ Bucket }), options),
      client.send(new GetBucketVersioningCommand({ Bucket }), options),
      unlessNone(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), options)),
      unlessNone(client.send(new GetBucketEncryptionCommand({ Bucket }), options)),
      unlessNone(client.send(new GetPublicAccessBlockCommand({ Bucket }), options)),
      unlessNone(client.send(new GetBucketPolicyCommand({ Bucket }), options)),
    ]);
    return {
      // S3 returns no region for its oldest one.
      region: location.LocationConstraint ?? 'us-east-1',
      movesSmallInto:
        lifecycle?.TransitionDefaultMinimumObjectSize === 'varies_by_storage_class' ? ['GLACIER', 'DEEP_ARCHIVE'] : [],
      settings: {
        versioning: versioning.Status === undefined ? undefined : { Status: versioning.Status },
        lifecycle: lifecycle === undefined ? undefined : { Rules: lifecycle.Rules },
        encryption: encryption?.ServerSideEncryptionConfiguration,
        'public-access': access?.PublicAccessBlockConfiguration,
        policy: policy?.Policy === undefined ? undefined : policyIn(policy.Policy, bucket),
      },
    };
  } finally {
    client.destroy();
  }
}

/** Returns the number of days for which Object Lock keeps each new version of a bucket, whatever its lifecycle says. */
export async function readLockedDays(place: S3Place, Bucket: string, signal: AbortSignal): Promise<number> {
  const client = s3Client(place, { maxAttempts: 3 });
  try {
    const lock = await unlessNone(
      client.send(new GetObjectLockConfigurationCommand({ Bucket }), { abortSignal: signal }),
    );
    const { Days = 0, Years = 0 } = lock?.ObjectLockConfiguration?.Rule?.DefaultRetention ?? {};
    return Days + Years * 365;
  } finally {
    client.destroy();
  }
}

const NONE = new Set([
  'NoSuchLifecycleConfiguration',
  'ServerSideEncryptionConfigurationNotFoundError',
  'NoSuchPublicAccessBlockConfiguration',
  'NoSuchBucketPolicy',
  'ObjectLockConfigurationNotFoundError',
]);

/** S3 reports a missing setting with a separate error for each kind. */
async function unlessNone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof S3ServiceException && NONE.has(error.name)) return undefined;
    throw error;
  }
}
