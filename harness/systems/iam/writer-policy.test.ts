import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writerRequests } from './requests.ts';
import { loadPolicySimulator } from './simulator.ts';
import { compareTransportPolicy, compareWriterPolicy, decideAll } from './writer-policy.ts';

const bucket = 'kgents-dr-backups';
const objectActions = ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];
const may = [...objectActions, 's3:ListBucket', 's3:ListBucketMultipartUploads'];
const scope = { bucket, prefix: 'nats/', may };
const { signal } = new AbortController();

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

const simulator = await loadPolicySimulator();
const catalogue = await simulator.catalogue('s3');
/** Fewer than all, so that a sabotage takes milliseconds: what a wrong policy is likely to let through. */
const likely = new Set([
  ...may,
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:DeleteBucket',
  's3:ListAllMyBuckets',
  's3:ListBucketVersions',
  's3:PutBucketPolicy',
]);
const requests = [
  ...writerRequests(
    scope,
    catalogue.filter(({ action }) => likely.has(action)),
  ),
];

const differencesOf = async (policy: unknown) =>
  (await decideAll(simulator, 'the policy', policy, requests, signal)).differences;
const itemsOf = (found: Awaited<ReturnType<typeof differencesOf>>) => found.map(({ item }) => item);

describe('the policy of a writer', () => {
  it('is as promised in the platform: nats/ and velero/, for every action of S3', async () => {
    const nats = await compareWriterPolicy('nats', document('iam/nats-writer'), [scope], signal);
    expect(nats).toMatchObject({ differing: 0, of: 'requests' });
    expect(nats.compared).toBeGreaterThan(1_000);
    const velero = { bucket, prefix: 'velero/', may: [...may, 's3:DeleteObject', 's3:PutObjectTagging'] };
    expect(await compareWriterPolicy('velero', document('iam/velero-writer'), [velero], signal)).toMatchObject({
      differing: 0,
    });
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
    const both = await compareWriterPolicy('copier', copier, [source, destination], signal);
    expect(both).toMatchObject({ differing: 0 });
    const [alone] = (await compareWriterPolicy('copier', copier, [source], signal)).firstDifferences;
    expect(alone).toMatchObject({ found: 'allowed', item: expect.stringContaining(`${bucket}-us-east-2`) });
    const unread = await compareWriterPolicy('copier', copier, [{ ...source, may: reads }, destination], signal);
    expect(unread.firstDifferences[0]).toMatchObject({ found: 'allowed', expected: 'denied' });
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
      nextStep: 'Narrow the policy so that it does not.',
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
    ['all buckets', { Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }, 's3:ListAllMyBuckets on *'],
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
      // IAM knows no s3:prefix for this action, so the condition is never fulfilled: valid, well meant, and of no effect.
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
      expect.objectContaining({ item, expected: 'allowed', nextStep: 'Allow it in the policy.' }),
    );
  });

  it('is refused as a whole when IAM refuses the document', async () => {
    const refused = { Version: '2012-10-17', Statement: [{ Effect: 'Alow', Action: 's3:PutObject' }] };
    const found = await compareWriterPolicy('the policy', refused, [scope], signal);
    // B34: nothing that it says is in force, which explains every other difference of the check.
    expect(found.firstDifferences.every(({ isCause }) => isCause === true)).toBe(true);
    expect(found.of).toBe('policy rules');
    expect(found.firstDifferences[0]?.found).toContain('Effect must be present and exactly "Allow" or "Deny"');
  });

  it('is not blamed for an action that S3 does not know: the contract is', async () => {
    const misspelt = { ...scope, may: [...may, 's3:PutObjects'] };
    const found = await compareWriterPolicy('nats', document('iam/nats-writer'), [misspelt], signal);
    expect(found.firstDifferences).toMatchObject([
      { item: 's3:PutObjects', nextStep: 'Correct `may` in the contract.' },
    ]);
  });
});

describe('the requests that are made up for a writer', () => {
  it('never expect an allowed one outside the prefix, whatever the prefix is', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), (parts) => {
        const prefix = `${parts.join('/')}/`;
        const outside = [...writerRequests({ bucket, prefix, may }, catalogue)].filter(
          ({ resource, context }) => !`${resource}|${context['s3:prefix'] ?? ''}`.includes(prefix),
        );
        expect(outside.filter(({ allowed, action }) => allowed && action !== 's3:ListBucketMultipartUploads')).toEqual(
          [],
        );
      }),
      { numRuns: 20 },
    );
  });
});

describe('the policy of a bucket', () => {
  const transport = async (policy: unknown) =>
    (await compareTransportPolicy('the policy', policy, scope, signal)).firstDifferences;

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
