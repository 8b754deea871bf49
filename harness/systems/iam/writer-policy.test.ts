import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { WriterScope } from './requests.ts';
import { decideTransportPolicy } from './transport-policy.ts';
import { decideWriterPolicy, type WriterPolicyQuestion } from './writer-policy.ts';

const bucket = 'kgents-dr-backups';
const objectActions = ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];
const may = [...objectActions, 's3:ListBucket', 's3:ListBucketMultipartUploads'];
const scope = { bucket, prefix: 'nats/', may };
const { signal } = new AbortController();
const now = new Date('2026-03-01T12:00:00Z');

const document = (name: string): unknown => JSON.parse(readFileSync(`fixtures/platform/${name}.json`, 'utf8'));
const policyOf = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
const objects = {
  Effect: 'Allow',
  Action: objectActions,
  Resource: `arn:aws:s3:::${bucket}/nats/*`,
};
const listing = {
  Effect: 'Allow',
  Action: 's3:ListBucket',
  Resource: `arn:aws:s3:::${bucket}`,
  Condition: { StringLike: { 's3:prefix': 'nats/*' } },
};
const uploads = { Effect: 'Allow', Action: 's3:ListBucketMultipartUploads', Resource: `arn:aws:s3:::${bucket}` };

const differencesOf = async (policy: unknown) => (await compared(policy)).differences;

const compared = (
  policy: unknown,
  scopes: readonly WriterScope[] = [scope],
  more: Partial<WriterPolicyQuestion> = {},
) =>
  decideWriterPolicy({
    name: 'the policy',
    documents: [{ name: 'the policy', document: policy }],
    scopes,
    writer: { kind: 'user', name: undefined },
    now,
    signal,
    ...more,
  });

const itemsOf = (found: readonly { readonly item: string }[]) => found.map(({ item }) => item);

describe('the policy of a writer', () => {
  it('is as promised in the platform: nats/ and velero/, for every action of S3', async () => {
    const nats = await compared(document('iam/nats-writer'));
    expect(nats).toMatchObject({ differences: [], undecided: [], of: 'requests' });
    expect(nats.compared).toBeGreaterThan(1_000);
    const velero = { bucket, prefix: 'velero/', may: [...may, 's3:DeleteObject', 's3:PutObjectTagging'] };
    expect(await compared(document('iam/velero-writer'), [velero])).toMatchObject({ differences: [] });
  });

  it('is as promised for the copier, which reads one whole bucket and writes another', async () => {
    const reads = ['s3:GetObject', 's3:GetObjectTagging', 's3:GetObjectRetention', 's3:GetObjectLegalHold'];
    const writes = ['s3:PutObject', 's3:PutObjectTagging', 's3:PutObjectRetention', 's3:PutObjectLegalHold'];
    const source = { bucket, prefix: '', may: [...reads, 's3:ListBucket', 's3:GetBucketObjectLockConfiguration'] };
    const destination = {
      bucket: `${bucket}-us-east-2`,
      prefix: '',
      may: [...writes, 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListBucket'],
    };
    const copier = document('iam/bucket-copier');
    const both = await compared(copier, [source, destination]);
    expect(both).toMatchObject({ differences: [] });
    const [alone] = (await compared(copier, [source])).differences;
    expect(alone).toMatchObject({ found: 'allowed', item: expect.stringContaining(`${bucket}-us-east-2`) });
    const unread = await compared(copier, [{ ...source, may: reads }, destination]);
    expect(unread.differences[0]).toMatchObject({ found: 'allowed', expected: 'denied' });
  });

  it.each([
    [
      'a wildcard for the action',
      { ...objects, Action: 's3:*' },
      `s3:DeleteObjectVersion on arn:aws:s3:::${bucket}/nats/backup.tar`,
    ],
    [
      'a look-alike of the prefix',
      { ...objects, Resource: `arn:aws:s3:::${bucket}/nats*` },
      `s3:PutObject on arn:aws:s3:::${bucket}/nats-evil/backup.tar`,
    ],
    [
      'every object',
      { ...objects, Resource: `arn:aws:s3:::${bucket}/*` },
      `s3:PutObject on arn:aws:s3:::${bucket}/backup.tar`,
    ],
    [
      'the prefix in any folder',
      { ...objects, Resource: `arn:aws:s3:::${bucket}/*nats/*` },
      `s3:PutObject on arn:aws:s3:::${bucket}/evil/nats/backup.tar`,
    ],
    [
      'other buckets',
      { ...objects, Resource: `arn:aws:s3:::${bucket}*/nats/*` },
      `s3:PutObject on arn:aws:s3:::${bucket}-evil/nats/backup.tar`,
    ],
  ])('is found to allow too much: %s', async (_, statement, item) => {
    const found = await differencesOf(policyOf(statement, listing, uploads));
    expect(found).toContainEqual({
      item,
      expected: 'denied',
      found: 'allowed',
      nextStep: 'Narrow statement 1 of the policy so that it does not allow this.',
      cause: 'policy-allows-too-much',
    });
  });

  it.each([
    ['no condition', { ...listing, Condition: undefined }, 's3:ListBucket on arn:aws:s3:::kgents-dr-backups'],
    [
      'a condition that an absent prefix passes',
      { ...listing, Condition: { StringLikeIfExists: { 's3:prefix': 'nats/*' } } },
      's3:ListBucket on arn:aws:s3:::kgents-dr-backups',
    ],
    [
      'a prefix without its slash',
      { ...listing, Condition: { StringLike: { 's3:prefix': 'nats*' } } },
      's3:ListBucket on arn:aws:s3:::kgents-dr-backups with prefix "nats"',
    ],
    [
      'versions as well',
      { ...listing, Action: ['s3:ListBucket', 's3:ListBucketVersions'] },
      's3:ListBucketVersions on arn:aws:s3:::kgents-dr-backups with prefix "nats/"',
    ],
    [
      'deletion of the bucket',
      { Effect: 'Allow', Action: 's3:DeleteBucket', Resource: `arn:aws:s3:::${bucket}` },
      's3:DeleteBucket on arn:aws:s3:::kgents-dr-backups',
    ],
  ])('is found to let a writer list or do too much with the bucket: %s', async (_, statement, item) => {
    const found = await differencesOf(policyOf(objects, listing, JSON.parse(JSON.stringify(statement)), uploads));
    expect(found).toContainEqual(expect.objectContaining({ item, expected: 'denied', found: 'allowed' }));
  });

  it.each([
    ['no unfinished uploads', [objects, listing], 's3:ListBucketMultipartUploads on arn:aws:s3:::kgents-dr-backups'],
    [
      // IAM has no s3:prefix for this action, so the condition is never fulfilled: valid, well meant, but without effect.
      'unfinished uploads on a condition that IAM never fulfils',
      [objects, listing, { ...uploads, Condition: listing.Condition }],
      's3:ListBucketMultipartUploads on arn:aws:s3:::kgents-dr-backups',
    ],
    [
      'aborting',
      [{ ...objects, Action: ['s3:PutObject', 's3:GetObject', 's3:ListMultipartUploadParts'] }, listing, uploads],
      `s3:AbortMultipartUpload on arn:aws:s3:::${bucket}/nats/backup.tar`,
    ],
    [
      'an explicit Deny',
      [objects, listing, uploads, { Effect: 'Deny', Action: 's3:PutObject', Resource: '*' }],
      `s3:PutObject on arn:aws:s3:::${bucket}/nats/backup.tar`,
    ],
  ])('is found to lack what the writer needs: %s', async (_, statements, item) => {
    const found = await differencesOf(policyOf(...statements));
    expect(found).toContainEqual(
      expect.objectContaining({ item, expected: 'allowed', cause: 'policy-lacks-permission' }),
    );
  });

  it('is refused as a whole when IAM refuses the document', async () => {
    const refused = { Version: '2012-10-17', Statement: [{ Effect: 'Alow', Action: 's3:PutObject' }] };
    const found = await compared(refused);
    // B34: the whole document is not in force, which explains every other difference of the check.
    expect(found.differences.every(({ isCause }) => isCause === true)).toBe(true);
    expect(found.of).toBe('policy rules');
    expect(found.differences[0]?.found).toContain('Effect must be present and exactly "Allow" or "Deny"');
  });

  it('is not blamed for an action that S3 does not know: the contract is', async () => {
    const misspelt = { ...scope, may: [...may, 's3:PutObjects'] };
    const found = await compared(document('iam/nats-writer'), [misspelt]);
    expect(found.differences).toMatchObject([{ item: 's3:PutObjects', nextStep: 'Correct `may` in the contract.' }]);
  });
});

describe('the policy of a bucket', () => {
  const transport = async (policy: unknown) =>
    (await decideTransportPolicy({ name: 'the policy', document: policy, bucket, prefix: 'nats/', now, signal }))
      .differences;

  it('is as promised in the platform: TLS only, nobody unsigned', async () => {
    expect(await transport(document('bucket/policy'))).toEqual([]);
  });

  it('is found to forget the bucket itself', async () => {
    const [statement] = (document('bucket/policy') as { Statement: object[] }).Statement;
    const found = await transport(policyOf({ ...statement, Resource: `arn:aws:s3:::${bucket}/*` }));
    expect(itemsOf(found)).toContain(`s3:DeleteBucket on arn:aws:s3:::${bucket} over plain HTTP`);
  });

  it('is found to let everybody read', async () => {
    const everybody = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` };
    const { Statement } = document('bucket/policy') as { Statement: object[] };
    const found = await transport(policyOf(...Statement, everybody));
    expect(itemsOf(found)).toContain(`s3:GetObject on arn:aws:s3:::${bucket}/nats/backup.tar over TLS, unsigned`);
  });
});
