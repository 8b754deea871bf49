import { describe, expect, it } from 'vitest';
import {
  allow,
  below,
  bucketArn,
  causesOf,
  deny,
  judged,
  judgedBucket,
  judgedWith,
  listing,
  may,
  met,
  objects,
  policyOf,
  scope,
  uploadsIf,
  variable,
} from './testing/policies.ts';

const OBJECTS = ['s3:PutObject', 's3:GetObject'];
const put = (condition: object, ...more: object[]) => policyOf(...uploadsIf(condition), ...more);

describe('what two statements leave between them', () => {
  const notUnder = (...patterns: string[]) => ({
    Effect: 'Deny',
    Action: ['s3:GetObject', 's3:DeleteObject'],
    NotResource: patterns.map((each) => `${bucketArn}/${each}`),
  });

  it.each<[string, object[]]>([
    [
      'the addresses of a range beside those of a smaller one',
      [
        allow('s3:*', '*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }),
        deny('s3:*', '*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/24' } }),
      ],
    ],
    [
      'all but the first address',
      [
        allow('s3:*', '*', { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }),
        deny('s3:*', '*', { IpAddress: { 'aws:SourceIp': '192.0.2.0/32' } }),
      ],
    ],
    [
      'all but the first network of IPv6',
      [
        allow('s3:*', '*', { IpAddress: { 'aws:SourceIp': '2001:db8:1::/48' } }),
        deny('s3:*', '*', { IpAddress: { 'aws:SourceIp': '2001:db8:1::/64' } }),
      ],
    ],
    [
      'a tag that begins so, but for two values',
      [
        allow('s3:*', '*', { StringLike: { 'aws:PrincipalTag/env': 'prod*' } }),
        deny('s3:*', '*', { StringLike: { 'aws:PrincipalTag/env': ['prod', 'prods*'] } }),
      ],
    ],
    [
      'some hours of a night to come',
      [
        allow('s3:DeleteObject', '*', {
          DateGreaterThan: { 'aws:CurrentTime': '2030-01-01T22:00:00Z' },
          DateLessThan: { 'aws:CurrentTime': '2030-01-02T04:00:00Z' },
        }),
      ],
    ],
    ['keys that end so, of another prefix', [allow('s3:DeleteObject', `${bucketArn}/velero/*`), notUnder('*.tmp')]],
    [
      'keys that end so, beside the own ones',
      [allow('s3:GetObject', `${bucketArn}/logs/*`), notUnder('nats/*', '*.gz')],
    ],
    [
      'everything in its own account',
      [allow('s3:*', '*', { StringEquals: { 'aws:ResourceAccount': variable('aws:PrincipalAccount') } })],
    ],
    [
      'everything in its own organisation',
      [allow('s3:*', '*', { StringLike: { 'aws:ResourceOrgID': variable('aws:PrincipalOrgID') } })],
    ],
    [
      'buckets named after its account',
      [allow('s3:DeleteObject', `arn:aws:s3:::${variable('aws:PrincipalAccount')}-*/*`)],
    ],
    ['a prefix named after its network', [allow('s3:DeleteObject', `${bucketArn}/${variable('aws:SourceVpc')}/*`)]],
  ])('is too much: %s', async (_, statements) => {
    expect(causesOf(await judgedWith(...statements))).toEqual(['policy-allows-too-much']);
  });

  it('is too much in the policy of a bucket: all but the first address', async () => {
    const tls = {
      ...deny('s3:*', [bucketArn, `${bucketArn}/*`], { Bool: { 'aws:SecureTransport': 'false' } }),
      Principal: '*',
    };
    const at = (range: string) => ({ IpAddress: { 'aws:SourceIp': range } });
    const found = await judgedBucket(
      tls,
      { ...allow('s3:GetObject', `${bucketArn}/public/*`, at('192.0.2.0/24')), Principal: '*' },
      { ...deny('s3:GetObject', `${bucketArn}/public/*`, at('192.0.2.0/32')), Principal: '*' },
    );
    expect(found.differences.length).toBeGreaterThan(0);
  });

  it.each<[string, object]>([
    [
      'an address beside a smaller range',
      put(
        { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
        deny('s3:PutObject', '*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/24' } }),
      ),
    ],
    [
      'an endpoint that is called otherwise',
      put(
        { StringLike: { 'aws:SourceVpce': 'vpce-*' } },
        deny('s3:PutObject', '*', { StringLike: { 'aws:SourceVpce': ['vpce-', 'vpce-s*'] } }),
      ),
    ],
    ['its own account', put({ StringEquals: { 'aws:ResourceAccount': variable('aws:PrincipalAccount') } })],
    [
      'TLS, in a Deny that compares texts',
      policyOf(objects, listing, deny('s3:*', '*', { StringEquals: { 'aws:SecureTransport': 'false' } })),
    ],
  ])('is enough for the work: %s', async (_, policy) => {
    expect(await judged(policy)).toMatchObject(met);
  });

  it('is enough for the work: a bucket named after the account', async () => {
    const bucket = 'backups-444455556666';
    const arn = `arn:aws:s3:::backups-${variable('aws:PrincipalAccount')}`;
    const list = allow('s3:ListBucket', arn, { StringLike: { 's3:prefix': 'nats/*' } });
    const policy = policyOf(allow(OBJECTS, `${arn}/nats/*`), list);
    const found = await judged(policy, { scopes: [{ bucket, prefix: 'nats/', may }] });
    expect(found).toMatchObject(met);
    expect(found.notVerified?.join()).toContain('that the writer belongs to account 444455556666');
  });
});

describe('keys that the contract names', () => {
  it.each<[string[], string]>([
    [['*.tar.gz'], 'prod/*'],
    [['*/MANIFEST'], 'prod/*'],
    [['*.tar.gz'], '2026-*'],
    [['*.tar.gz'], '*-test*'],
    [['daily/*'], '*.sha256'],
  ])('%j are unproven where some of them are denied, by %s', async (keys, denied) => {
    const policy = policyOf(objects, listing, deny('s3:PutObject', below(denied)));
    const found = await judged(policy, { scopes: [{ ...scope, keys }] });
    expect(found.differences).toEqual([]);
    expect(found.undecided?.length).toBeGreaterThan(0);
  });

  it('lack the right where all of one pattern are denied', async () => {
    const found = await judged(policyOf(allow(OBJECTS, below('*.tar')), listing), {
      scopes: [{ ...scope, keys: ['*.tar', '*.sha256'] }],
    });
    expect(causesOf(found)).toEqual(['policy-lacks-permission']);
  });
});

describe('the ARN of a writer', () => {
  const byArn = (operator: string, arn: string) => put({ [operator]: { 'aws:PrincipalArn': arn } });
  it.each([
    ['user', 'velero', byArn('ArnEquals', 'arn:aws:iam::444455556666:user/system/velero')],
    ['role', 'velero', byArn('StringEquals', 'arn:aws:iam::444455556666:role/backup/velero')],
    ['role', 'velero-prod', byArn('ArnLike', 'arn:aws:iam::444455556666:role/velero-*')],
    ['role', 'velero-prod', byArn('StringLike', 'arn:aws:iam::*:role/velero-*')],
  ] as const)('may have a path, and any account: %s %s', async (kind, name, policy) => {
    expect(await judged(policy, { writer: { kind, name } })).toMatchObject(met);
  });

  it('names the writer all the same', async () => {
    const policy = byArn('ArnLike', 'arn:aws:iam::444455556666:role/other-*');
    expect(causesOf(await judged(policy, { writer: { kind: 'role', name: 'velero' } }))).toEqual([
      'policy-lacks-permission',
    ]);
  });

  it('tells nothing of its tags', async () => {
    const tagged = `${bucketArn}/${variable('aws:PrincipalTag/team')}/*`;
    const policy = policyOf(allow(OBJECTS, tagged), listing);
    const found = await judged(policy, { writer: { kind: 'role', name: 'backup-writer' } });
    expect(found).toMatchObject(met);
    expect(found.notVerified).toContain('that aws:PrincipalTag/team of the writer is nats, as its policy needs it');
  });
});

describe('the key that encrypts', () => {
  const rules = (KMSMasterKeyID: string) => ({
    Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID } }],
  });
  const USE = ['kms:GenerateDataKey', 'kms:Decrypt'];
  const key = 'arn:aws:kms:eu-west-1:444455556666:key/1234abcd';

  it('is not its alias', async () => {
    const alias = 'arn:aws:kms:eu-west-1:444455556666:alias/backup';
    const found = await judged(policyOf(objects, listing, allow(USE, alias)), { encryption: rules('alias/backup') });
    expect(causesOf(found)).toContain('policy-lacks-permission');
  });

  it('is read with or without the name around it, and nothing else is', async () => {
    const encryption = { ServerSideEncryptionConfiguration: rules(key) };
    expect(causesOf(await judged(policyOf(objects, listing), { encryption }))).toEqual(['policy-lacks-permission']);
    await expect(judged(policyOf(objects, listing), { encryption: [] })).rejects.toThrow(/"Rules"/);
  });

  it.each(['s3.us-east-1.amazonaws.com', 'ec2.eu-west-1.amazonaws.com'])('is not used through %s', async (service) => {
    const use = allow(USE, key, { StringEquals: { 'kms:ViaService': service } });
    expect(causesOf(await judged(policyOf(objects, listing, use), { encryption: rules(key) }))).toContain(
      'policy-lacks-permission',
    );
  });
});

describe('the region', () => {
  it.each<[string, object]>([
    ['of a pattern', put({ StringLike: { 'aws:RequestedRegion': 'eu-*' } })],
    ['in capital letters', put({ StringEqualsIgnoreCase: { 'aws:RequestedRegion': 'EU-WEST-1' } })],
    [
      'of a pattern in a Deny',
      policyOf(objects, listing, deny('s3:*', '*', { StringNotLike: { 'aws:RequestedRegion': 'eu-*' } })),
    ],
  ])('%s can be fulfilled', async (_, policy) => {
    expect(await judged(policy)).toMatchObject(met);
  });

  it('of the bucket holds for its other prefixes as well', async () => {
    const other = allow('s3:GetObject', `${bucketArn}/other/*`, {
      StringEquals: { 'aws:RequestedRegion': 'us-east-1' },
    });
    const scopes = [{ ...scope, region: 'eu-west-1' }];
    expect(await judged(policyOf(objects, listing, other), { scopes })).toMatchObject(met);
  });
});
