import { BucketLocationConstraint } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { REGIONS } from './facts.ts';
import {
  allow,
  below,
  bucketArn,
  deny,
  judged,
  listing,
  may,
  met,
  objects,
  policyOf,
  scope,
  uploadsIf,
} from './testing/policies.ts';

const OBJECTS = ['s3:PutObject', 's3:GetObject'];

describe('the keys below a prefix on which a writer needs a right', () => {
  it.each<[string, object[]]>([
    ['a folder is denied', [objects, listing, deny('s3:PutObject', below('prod/*'))]],
    ['an ending is denied', [objects, listing, deny('s3:PutObject', below('*.gz'))]],
    ['one key is denied', [objects, listing, deny('s3:PutObject', below('LATEST'))]],
    ['one ending alone is allowed', [allow(OBJECTS, below('*.tar')), listing]],
    ['another ending alone is allowed', [allow(OBJECTS, below('*.gz')), listing]],
    ['one folder alone is allowed', [allow(OBJECTS, below('2026/*')), listing]],
    [
      'everything but one ending is denied',
      [objects, listing, { Effect: 'Deny', Action: 's3:PutObject', NotResource: below('*.tar') }],
    ],
    [
      'one key may be written with a code alone',
      [
        objects,
        listing,
        deny('s3:PutObject', below('LATEST'), { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } }),
      ],
    ],
  ])('are unknown where %s, so the right is unproven', async (_, statements) => {
    const found = await judged(policyOf(...statements));
    expect(found.differences).toEqual([]);
    expect(found.undecided?.map(({ reason }) => reason)).toContainEqual(
      expect.stringMatching(/^s3:PutObject on \S+\/nats\/.* is not allowed, but it is allowed on other keys .*`keys`/),
    );
  });

  it.each<[string, string[], object[]]>([
    ['the ending that is allowed', ['*.tar'], [allow(OBJECTS, below('*.tar')), listing]],
    ['another ending than the denied one', ['*.tar', '*.tar.sha256'], [objects, listing, deny('s3:*', below('*.gz'))]],
    ['one key', ['LATEST'], [allow(OBJECTS, below('LATEST')), listing]],
    ['all keys that have a day', ['*/2026-??-??/*'], [allow(OBJECTS, below('*/2026-*')), listing]],
  ])('are told by the contract: %s', async (_, keys, statements) => {
    expect(await judged(policyOf(...statements), { scopes: [{ ...scope, keys }] })).toMatchObject(met);
  });

  it.each<[string, string[], object[]]>([
    ['none of them is allowed', ['*.tar'], [allow(OBJECTS, below('*.gz')), listing]],
    ['all of them are denied', ['*.gz'], [objects, listing, deny('s3:PutObject', below('*.gz'))]],
  ])('are told by the contract, and %s', async (_, keys, statements) => {
    const { differences } = await judged(policyOf(...statements), { scopes: [{ ...scope, keys }] });
    expect(new Set(differences.map(({ cause }) => cause))).toEqual(new Set(['policy-lacks-permission']));
  });

  it('are told by the contract, and the writer has too much all the same outside the prefix', async () => {
    const found = await judged(policyOf(objects, listing, allow('s3:GetObject', `${bucketArn}/velero/*`)), {
      scopes: [{ ...scope, keys: ['*.tar'] }],
    });
    expect(new Set(found.differences.map(({ cause }) => cause))).toEqual(new Set(['policy-allows-too-much']));
  });
});

const put = (condition: object, ...more: object[]) => policyOf(...uploadsIf(condition), ...more);

describe('an upload that must carry something', () => {
  const cases: [string, object, string][] = [
    ['a tag', { StringEquals: { 's3:RequestObjectTag/team': 'ops' } }, 's3:PutObjectTagging'],
    ['any tag', { Null: { 's3:RequestObjectTagKeys': 'false' } }, 's3:PutObjectTagging'],
    ['an ACL', { StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' } }, 's3:PutObjectAcl'],
    ['a grant', { StringLike: { 's3:x-amz-grant-full-control': 'id=*' } }, 's3:PutObjectAcl'],
    ['a retention', { StringEquals: { 's3:object-lock-mode': 'COMPLIANCE' } }, 's3:PutObjectRetention'],
    ['a legal hold', { StringEquals: { 's3:object-lock-legal-hold': 'ON' } }, 's3:PutObjectLegalHold'],
  ];

  it.each(cases)('is denied without the right that %s takes', async (_, condition, right) => {
    const [difference] = (await judged(put(condition))).differences;
    expect(difference).toMatchObject({ cause: 'policy-lacks-permission' });
    expect(difference?.found).toContain(`that takes ${right}, which is denied`);
    expect(difference?.nextStep).toContain(`Allow ${right} in writer.json`);
  });

  it.each(cases)('is allowed with the right that %s takes', async (_, condition, right) => {
    const scopes = [{ ...scope, may: [...may, right] }];
    expect(await judged(put(condition, allow(right, below('*'))), { scopes })).toMatchObject(met);
  });

  it('is one that makes an object, where a policy enforces conditional writes', async () => {
    const absent = { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } };
    const found = await judged(policyOf(objects, listing, deny('s3:PutObject', below('*'), absent)));
    expect(found).toMatchObject(met);
    expect(found.notVerified?.join()).toContain('requests carry s3:if-none-match');
    const partsAlone = await judged(put({ Bool: { 's3:ObjectCreationOperation': 'false' } }));
    expect(partsAlone.undecided?.[0]?.reason).toContain('a part of an upload');
  });

  it('is unproven where it must be a copy', async () => {
    const found = await judged(put({ StringLike: { 's3:x-amz-copy-source': 'acme-backups/*' } }));
    expect(found.differences).toEqual([]);
    expect(found.undecided?.[0]?.reason).toContain('only a copy of another object carries that');
  });

  it('is denied where it must have tags in a way that S3 does not know', async () => {
    for (const condition of [
      { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['team'] } },
      { StringEquals: { 'aws:RequestTag/team': 'ops' } },
    ]) {
      expect((await judged(put(condition))).differences).toMatchObject([{ cause: 'policy-lacks-permission' }]);
    }
  });
});

it.each([
  ['user', 60, 0],
  ['user', 90, 1],
  ['role', 90, 0],
  ['role', 150, 1],
] as const)(
  'a policy of a %s with %i statements is refused for its length %i times',
  async (kind, statements, refusals) => {
    const long = Array.from({ length: statements }, (_, at) => ({
      Sid: `S${at}`,
      ...deny('s3:DeleteBucket', bucketArn),
    }));
    const found = await judged(policyOf(objects, listing, ...long), { writer: { kind, name: 'writer' } });
    expect(found.differences.map(({ cause }) => cause)).toEqual(
      Array.from({ length: refusals }, () => 'policy-rejected'),
    );
  },
);

it('names the condition that no request fulfils', async () => {
  const [difference] = (await judged(put({ DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }))).differences;
  expect(difference?.nextStep).toBe(
    'Correct the condition on aws:CurrentTime in statement 1 of writer.json: no request of the writer fulfils it today.',
  );
});

describe('the region of a request', () => {
  const inRegion = (region: string) => put({ StringEquals: { 'aws:RequestedRegion': region } });
  it('that nobody knows leaves the right unproven', async () => {
    const found = await judged(inRegion('eu-mars-9'));
    expect(found.differences).toEqual([]);
    expect(found.undecided?.[0]?.reason).toContain('no region of that name is known');
  });

  it('is that of the bucket, where the contract names it', async () => {
    const scopes = [{ ...scope, region: 'eu-west-1' }];
    const found = await judged(inRegion('eu-west-1'), { scopes });
    expect(found).toMatchObject(met);
    expect(found.notVerified?.join()).not.toContain('RequestedRegion');
    expect((await judged(inRegion('us-east-1'), { scopes })).differences).toMatchObject([
      { cause: 'policy-lacks-permission' },
    ]);
  });

  it('is one of those that S3 knows', () => {
    const known = Object.values(BucketLocationConstraint).filter((each) => each !== 'EU');
    expect(REGIONS.toSorted()).toEqual([...known, 'us-east-1'].toSorted());
  });
});
