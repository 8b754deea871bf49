import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketAclCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketAclCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { SAMPLE_ACCOUNT } from '../facts.ts';
import type { TriedOperation } from './trial-plan.ts';

/** Target of an operation; fields that the operation does not need are absent. */
export interface TrialThing {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string | undefined;
  readonly UploadId?: string | undefined;
  /** Prefix of a listing. */
  readonly Prefix?: string | undefined;
}

export interface Operation extends TriedOperation {
  /** Thing that must exist before the operation. */
  readonly needs: 'nothing' | 'object' | 'upload';
  attempt(client: S3Client, thing: TrialThing, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

const of = (
  action: string,
  on: Operation['on'],
  needs: Operation['needs'],
  attempt: Operation['attempt'],
  more: { readonly isListing?: true; readonly how?: string } = {},
): Operation => {
  const { how, ...rest } = more;
  return { id: how === undefined ? action : `${action} ${how}`, action, on, needs, attempt, ...rest };
};

const tags = { TagSet: [{ Key: 'trial', Value: 'dr-contracts' }] };
const DAY_MS = 86_400_000;

/** A policy for a made-up principal, which gives nobody access. */
const harmlessPolicy = (bucket: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${SAMPLE_ACCOUNT}:user/dr-contracts-nobody` },
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${bucket}/dr-contracts-nobody/*`,
      },
    ],
  });

const named = ({ Bucket, Key }: TrialThing) => ({ Bucket, Key });
const version = ({ Bucket, Key, VersionId }: TrialThing) => ({ Bucket, Key, VersionId });
const upload = ({ Bucket, Key, UploadId }: TrialThing) => ({ Bucket, Key, UploadId });
const listed = ({ Bucket, Prefix }: TrialThing) => ({ Bucket, ...(Prefix === undefined ? {} : { Prefix }) });

/** Operations on objects that the trial performs. Each has an object of its own that an administrator has just uploaded. */
export const objectOperations: readonly Operation[] = [
  of('s3:PutObject', 'object', 'nothing', (s3, at, o) => s3.send(new PutObjectCommand({ ...named(at), Body: 'x' }), o)),
  of('s3:PutObject', 'object', 'nothing', (s3, at, o) => s3.send(new CreateMultipartUploadCommand(named(at)), o), {
    how: 'in parts',
  }),
  of('s3:PutObject', 'object', 'object', (s3, at, o) => s3.send(new PutObjectCommand({ ...named(at), Body: 'y' }), o), {
    how: 'over another',
  }),
  of('s3:GetObject', 'object', 'object', async (s3, at, o) => {
    const { Body } = await s3.send(new GetObjectCommand(named(at)), o);
    await Body?.transformToByteArray();
  }),
  of('s3:GetObjectVersion', 'object', 'object', async (s3, at, o) => {
    const { Body } = await s3.send(new GetObjectCommand(version(at)), o);
    await Body?.transformToByteArray();
  }),
  of('s3:DeleteObject', 'object', 'object', (s3, at, o) => s3.send(new DeleteObjectCommand(named(at)), o)),
  of(
    's3:DeleteObject',
    'object',
    'object',
    (s3, at, o) => s3.send(new DeleteObjectsCommand({ Bucket: at.Bucket, Delete: { Objects: [{ Key: at.Key }] } }), o),
    { how: 'with others' },
  ),
  of('s3:DeleteObjectVersion', 'object', 'object', (s3, at, o) => s3.send(new DeleteObjectCommand(version(at)), o)),
  of('s3:GetObjectTagging', 'object', 'object', (s3, at, o) => s3.send(new GetObjectTaggingCommand(named(at)), o)),
  of('s3:PutObjectTagging', 'object', 'object', (s3, at, o) =>
    s3.send(new PutObjectTaggingCommand({ ...named(at), Tagging: tags }), o),
  ),
  of('s3:DeleteObjectTagging', 'object', 'object', (s3, at, o) =>
    s3.send(new DeleteObjectTaggingCommand(named(at)), o),
  ),
  of('s3:GetObjectAcl', 'object', 'object', (s3, at, o) => s3.send(new GetObjectAclCommand(named(at)), o)),
  of('s3:PutObjectAcl', 'object', 'object', (s3, at, o) =>
    s3.send(new PutObjectAclCommand({ ...named(at), ACL: 'private' }), o),
  ),
  of('s3:GetObjectRetention', 'object', 'object', (s3, at, o) => s3.send(new GetObjectRetentionCommand(named(at)), o)),
  of('s3:PutObjectRetention', 'object', 'object', (s3, at, o) =>
    s3.send(
      new PutObjectRetentionCommand({
        ...named(at),
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(Date.now() + DAY_MS) },
      }),
      o,
    ),
  ),
  of('s3:GetObjectLegalHold', 'object', 'object', (s3, at, o) => s3.send(new GetObjectLegalHoldCommand(named(at)), o)),
  of('s3:PutObjectLegalHold', 'object', 'object', (s3, at, o) =>
    s3.send(new PutObjectLegalHoldCommand({ ...named(at), LegalHold: { Status: 'OFF' } }), o),
  ),
  of('s3:ListMultipartUploadParts', 'object', 'upload', (s3, at, o) => s3.send(new ListPartsCommand(upload(at)), o)),
  of('s3:AbortMultipartUpload', 'object', 'upload', (s3, at, o) =>
    s3.send(new AbortMultipartUploadCommand(upload(at)), o),
  ),
];

/** Operations on buckets that the trial performs; it deletes the bucket last. Each change is harmless. */
const bucketOperations: readonly Operation[] = [
  of('s3:ListBucket', 'bucket', 'nothing', (s3, at, o) => s3.send(new ListObjectsV2Command(listed(at)), o), {
    isListing: true,
  }),
  of(
    's3:ListBucketVersions',
    'bucket',
    'nothing',
    (s3, at, o) => s3.send(new ListObjectVersionsCommand(listed(at)), o),
    {
      isListing: true,
    },
  ),
  of('s3:ListBucketMultipartUploads', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new ListMultipartUploadsCommand({ Bucket }), o),
  ),
  of('s3:GetBucketPolicy', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new GetBucketPolicyCommand({ Bucket }), o),
  ),
  of('s3:PutBucketPolicy', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new PutBucketPolicyCommand({ Bucket, Policy: harmlessPolicy(Bucket) }), o),
  ),
  of('s3:DeleteBucketPolicy', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new DeleteBucketPolicyCommand({ Bucket }), o),
  ),
  of('s3:GetBucketVersioning', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new GetBucketVersioningCommand({ Bucket }), o),
  ),
  of('s3:PutBucketVersioning', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }), o),
  ),
  of('s3:GetLifecycleConfiguration', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }), o),
  ),
  of('s3:PutLifecycleConfiguration', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [
            { ID: 'off', Status: 'Disabled', Filter: { Prefix: 'dr-contracts-nothing/' }, Expiration: { Days: 1 } },
          ],
        },
      }),
      o,
    ),
  ),
  of('s3:GetEncryptionConfiguration', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new GetBucketEncryptionCommand({ Bucket }), o),
  ),
  of('s3:PutEncryptionConfiguration', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
      }),
      o,
    ),
  ),
  of('s3:GetBucketAcl', 'bucket', 'nothing', (s3, { Bucket }, o) => s3.send(new GetBucketAclCommand({ Bucket }), o)),
  of('s3:PutBucketAcl', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new PutBucketAclCommand({ Bucket, ACL: 'private' }), o),
  ),
  of('s3:GetBucketTagging', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new GetBucketTaggingCommand({ Bucket }), o),
  ),
  of('s3:PutBucketTagging', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: tags }), o),
  ),
  of('s3:GetBucketObjectLockConfiguration', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new GetObjectLockConfigurationCommand({ Bucket }), o),
  ),
  of('s3:GetBucketLocation', 'bucket', 'nothing', (s3, { Bucket }, o) =>
    s3.send(new GetBucketLocationCommand({ Bucket }), o),
  ),
  of('s3:DeleteBucket', 'bucket', 'nothing', (s3, { Bucket }, o) => s3.send(new DeleteBucketCommand({ Bucket }), o)),
];

export const allOperations: readonly Operation[] = [...objectOperations, ...bucketOperations];
