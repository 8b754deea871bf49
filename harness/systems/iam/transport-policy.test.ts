import { describe, expect, it } from 'vitest';
import { BUCKET, bucketArn, judgedBucket } from './testing/policies.ts';

const everything = [bucketArn, `${bucketArn}/*`];
const overHttp = { Bool: { 'aws:SecureTransport': 'false' } };
const of = (
  Effect: string,
  Principal: unknown,
  Action: unknown,
  Resource: unknown,
  Condition?: object,
  Sid?: string,
) => ({
  ...(Sid === undefined ? {} : { Sid }),
  Effect,
  Principal,
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});
const tlsOnly = of('Deny', '*', 's3:*', everything, overHttp, 'TlsOnly');
const all = { undecided: [], differences: [] };
const causesOf = ({ differences }: Awaited<ReturnType<typeof judgedBucket>>) => [
  ...new Set(differences.map(({ cause }) => cause)),
];

describe('C22: the policy of a bucket, beside the prefix of the backups', () => {
  it.each<[string, object]>([
    ['a prefix for everybody', of('Allow', '*', 's3:GetObject', `${bucketArn}/public/*`)],
    [
      'a prefix for everybody, in the other spelling',
      of('Allow', { AWS: '*' }, 's3:GetObject', `${bucketArn}/public/*`),
    ],
    ['one object for everybody', of('Allow', '*', 's3:GetObject', `${bucketArn}/index.html`)],
    ['the listing for everybody', of('Allow', '*', 's3:ListBucket', bucketArn)],
    [
      'every address',
      of('Allow', '*', 's3:GetObject', `${bucketArn}/*`, { IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } }),
    ],
    [
      'every address of both kinds',
      of('Allow', '*', 's3:GetObject', `${bucketArn}/*`, { IpAddress: { 'aws:SourceIp': ['0.0.0.0/0', '::/0'] } }),
    ],
    ['a network', of('Allow', '*', 's3:GetObject', `${bucketArn}/*`, { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })],
    [
      'a referer',
      of('Allow', '*', 's3:GetObject', `${bucketArn}/*`, { StringLike: { 'aws:Referer': 'https://example.org/*' } }),
    ],
    [
      'a user agent',
      of('Allow', '*', 's3:PutObject', `${bucketArn}/in/*`, { StringEquals: { 'aws:UserAgent': 'secret' } }),
    ],
    [
      'an endpoint',
      of('Allow', '*', 's3:GetObject', `${bucketArn}/*`, { StringEquals: { 'aws:SourceVpce': 'vpce-1' } }),
    ],
    [
      'a condition that an unsigned request passes',
      of('Allow', '*', 's3:GetObject', `${bucketArn}/*`, { StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-1' } }),
    ],
    [
      'a negation that an unsigned request passes',
      of('Allow', '*', 's3:GetObject', `${bucketArn}/*`, {
        StringNotEquals: { 'aws:PrincipalAccount': '999999999999' },
      }),
    ],
  ])('is breached for what is public: %s', async (_, statement) => {
    const found = await judgedBucket(tlsOnly, statement);
    expect(causesOf(found)).toEqual(['bucket-policy-is-public']);
    expect(found.differences[0]?.nextStep).toContain('statement 2');
  });

  it.each<[string, object[]]>([
    ['no statement at all', []],
    ['one prefix', [of('Deny', '*', 's3:*', `${bucketArn}/nats/*`, overHttp)]],
    ['the objects and not the bucket', [of('Deny', '*', 's3:*', `${bucketArn}/*`, overHttp)]],
    ['all but one prefix', [{ ...tlsOnly, Resource: undefined, NotResource: `${bucketArn}/public/*` }]],
    ['writing', [of('Deny', '*', 's3:Put*', everything, overHttp)]],
    ['all but reading', [{ ...tlsOnly, Action: undefined, NotAction: 's3:GetObject' }]],
    ['one account', [of('Deny', { AWS: 'arn:aws:iam::444455556666:root' }, 's3:*', everything, overHttp)]],
    [
      'all but one role',
      [{ ...tlsOnly, Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::123456789012:role/legacy' } }],
    ],
    [
      'requests from one network',
      [of('Deny', '*', 's3:*', everything, { ...overHttp, IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })],
    ],
    [
      'the versions of TLS only',
      [of('Deny', '*', 's3:*', everything, { NumericLessThan: { 's3:TlsVersion': '1.2' } })],
    ],
  ])('is breached where plain HTTP is denied for less than the bucket: %s', async (_, statements) => {
    const found = await judgedBucket(...statements.map((each) => JSON.parse(JSON.stringify(each))));
    expect(causesOf(found)).toContain('bucket-policy-allows-plain-http');
  });

  it.each<[string, object[]]>([
    ['the usual Deny', [tlsOnly]],
    [
      'the same for two kinds of resources',
      [of('Deny', '*', 's3:*', bucketArn, overHttp), of('Deny', '*', 's3:*', `${bucketArn}/*`, overHttp)],
    ],
    ['everything of every service', [of('Deny', '*', '*', '*', overHttp)]],
    [
      'a Deny that an absent key meets',
      [of('Deny', '*', 's3:*', everything, { BoolIfExists: { 'aws:SecureTransport': 'false' } })],
    ],
    [
      'a reader of another account',
      [tlsOnly, of('Allow', { AWS: 'arn:aws:iam::444455556666:role/auditor' }, 's3:GetObject', `${bucketArn}/*`)],
    ],
    [
      'an organization',
      [tlsOnly, of('Allow', '*', 's3:GetObject', `${bucketArn}/*`, { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } })],
    ],
    [
      'a service of AWS',
      [tlsOnly, of('Allow', { Service: 'logging.s3.amazonaws.com' }, 's3:PutObject', `${bucketArn}/logs/*`)],
    ],
    [
      'a service of AWS, by its source',
      [
        tlsOnly,
        of('Allow', '*', 's3:PutObject', `${bucketArn}/logs/*`, {
          StringEquals: { 'aws:SourceAccount': '123456789012' },
        }),
      ],
    ],
  ])('is met: %s', async (_, statements) => {
    expect(await judgedBucket(...statements)).toMatchObject(all);
  });

  it('is met in another partition', async () => {
    const text = JSON.stringify(tlsOnly).replaceAll('arn:aws:', 'arn:aws-cn:');
    expect(await judgedBucket(JSON.parse(text))).toMatchObject(all);
  });
});

describe('C21: the policy of a bucket that asks more of its writers', () => {
  it.each<[string, object, string]>([
    [
      'encryption',
      of('Deny', '*', 's3:PutObject', `${bucketArn}/*`, { Null: { 's3:x-amz-server-side-encryption': 'true' } }),
      's3:x-amz-server-side-encryption',
    ],
    [
      'one kind of encryption',
      of('Deny', '*', 's3:PutObject', `${bucketArn}/*`, {
        StringNotEquals: { 's3:x-amz-server-side-encryption': 'AES256' },
      }),
      's3:x-amz-server-side-encryption = AES256',
    ],
    [
      'an endpoint',
      of('Deny', '*', 's3:*', everything, { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } }),
      'aws:SourceVpce = vpce-1',
    ],
    [
      'a network',
      of('Deny', '*', 's3:*', everything, { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }),
      'aws:SourceIp = 10.0.0.0',
    ],
    [
      'an organization',
      of('Deny', '*', 's3:*', everything, { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } }),
      'aws:PrincipalOrgID = o-1',
    ],
    [
      'an id',
      of('Deny', '*', 's3:*', everything, { StringNotLike: { 'aws:userid': ['AROAEXAMPLE:*', '444455556666'] } }),
      'aws:userid = AROAEXAMPLE:sample',
    ],
  ])('is met, and says what the backups must carry: %s', async (_, statement, dependency) => {
    const found = await judgedBucket(tlsOnly, statement);
    expect(found).toMatchObject(all);
    expect(found.notVerified?.join()).toContain(dependency);
  });

  it('is met for a newer TLS, which every client of today speaks', async () => {
    const found = await judgedBucket(
      tlsOnly,
      of('Deny', '*', 's3:*', everything, { NumericLessThan: { 's3:TlsVersion': '1.2' } }),
    );
    expect(found).toMatchObject(all);
    expect(found.notVerified?.join()).not.toContain('s3:TlsVersion');
  });

  it.each<[string, object]>([
    [
      'but by one role',
      of('Deny', '*', 's3:Delete*', everything, {
        ArnNotEquals: { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/break-glass' },
      }),
    ],
    [
      'but by one principal',
      {
        Effect: 'Deny',
        NotPrincipal: { AWS: 'arn:aws:iam::123456789012:role/break-glass' },
        Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
        Resource: `${bucketArn}/*`,
      },
    ],
    [
      'by anybody',
      of('Deny', '*', ['s3:DeleteObject*', 's3:PutLifecycleConfiguration', 's3:PutBucketVersioning'], everything),
    ],
    ['of the bucket', of('Deny', '*', ['s3:DeleteBucket', 's3:PutBucketPolicy'], bucketArn)],
  ])('is met for a protection from deletion %s', async (_, statement) => {
    expect(await judgedBucket(tlsOnly, statement)).toMatchObject(all);
  });

  it('is breached where no backup can be written or read any more, and names the statement', async () => {
    const found = await judgedBucket(
      tlsOnly,
      of('Deny', '*', 's3:PutObject', `${bucketArn}/nats/*`, undefined, 'Frozen'),
    );
    expect(found.differences).toMatchObject([
      {
        item: `s3:PutObject on arn:aws:s3:::${BUCKET}/nats/backup.tar over TLS`,
        cause: 'bucket-policy-blocks-backups',
        nextStep: expect.stringContaining('statement 2 ("Frozen")'),
      },
    ]);
  });
});
