import { ServerSideEncryption, StorageClass } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { possibleValues } from './facts.ts';
import {
  allow,
  BUCKET,
  bucketArn,
  causesOf,
  deny,
  judged,
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

const DELETES = ['s3:DeleteObject', 's3:DeleteObjectVersion'];

describe('C02: a writer with more than its prefix', () => {
  it.each<[string, string, ...object[]]>([
    [
      "the neighbour's prefix",
      's3:DeleteObject on arn:aws:s3:::acme-backups/velero/',
      allow(DELETES, `${bucketArn}/velero/*`),
    ],
    [
      'buckets by a pattern',
      's3:DeleteBucket on arn:aws:s3:::acme-prod-',
      allow(['s3:DeleteObject', 's3:DeleteBucket'], 'arn:aws:s3:::acme-prod-*'),
    ],
    [
      'everything from inside a network',
      'aws:SourceIp is 10.0.0.0',
      allow('s3:*', '*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }),
    ],
    ['another service', 'iam:', allow(['iam:*', 'ec2:DeleteSnapshot'], '*')],
    ['the deletion of snapshots', 'ec2:DeleteSnapshot on arn:aws:ec2:', allow('ec2:DeleteSnapshot', '*')],
    ['every key of KMS', 'kms:ScheduleKeyDeletion on arn:aws:kms:', allow('kms:*', '*')],
    [
      "the listing of the neighbour's",
      'with prefix "velero/',
      allow('s3:ListBucket', bucketArn, { StringLike: { 's3:prefix': 'velero/*' } }),
    ],
    [
      'the listing of a place whose name differs by case',
      'with prefix "NATS/"',
      allow('s3:ListBucket', bucketArn, { StringEqualsIgnoreCase: { 's3:prefix': 'nats/' } }),
    ],
    [
      'everything through one endpoint',
      'aws:SourceVpce is vpce-1',
      allow('s3:*', '*', { StringEquals: { 'aws:SourceVpce': 'vpce-1' } }),
    ],
    [
      'everything with a code',
      'aws:MultiFactorAuthPresent is true',
      allow('s3:*', '*', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
    ],
    [
      'everything with an old code',
      'aws:MultiFactorAuthAge is ',
      allow('s3:*', '*', { NumericLessThan: { 'aws:MultiFactorAuthAge': '3600' } }),
    ],
    [
      'everything for any principal',
      's3:DeleteBucket on ',
      allow('s3:*', '*', { ArnLike: { 'aws:PrincipalArn': '*' } }),
    ],
    [
      'what has a tag',
      's3:ExistingObjectTag/keep is no',
      allow('s3:GetObject', `${bucketArn}/*`, { StringEquals: { 's3:ExistingObjectTag/keep': 'no' } }),
    ],
    [
      'buckets that end alike',
      's3:DeleteObject on arn:aws:s3:::sample-archive/',
      allow(DELETES, 'arn:aws:s3:::*-archive/*'),
    ],
    ['the bucket of a team', '-data/', allow(DELETES, `arn:aws:s3:::${variable('aws:PrincipalTag/team')}-data/*`)],
    [
      'an access point of the account',
      'accesspoint/velero',
      allow('s3:DeleteObject', 'arn:aws:s3:eu-west-1:444455556666:accesspoint/velero/object/*'),
    ],
    ['directory buckets', 's3express:', allow('s3express:*', '*')],
    [
      'older versions of its own archive',
      's3:DeleteObjectVersion on arn:aws:s3:::acme-backups/nats/archive/',
      allow('s3:DeleteObjectVersion', `${bucketArn}/nats/archive/*`),
    ],
    ['archives wherever they lie', '.tar.gz', allow('s3:DeleteObject', `${bucketArn}/*.tar.gz`)],
    [
      "the neighbour's retention",
      's3:BypassGovernanceRetention on arn:aws:s3:::acme-backups/velero/',
      allow('s3:BypassGovernanceRetention', `${bucketArn}/velero/*`),
    ],
    ['everything but a list', 's3:', { Effect: 'Allow', NotAction: ['iam:*', 's3:DeleteBucket'], Resource: '*' }],
    [
      'a service that a list of exceptions forgets',
      ':',
      { Effect: 'Allow', NotAction: ['s3:*', 'iam:*', 'kms:*', 'ec2:*'], Resource: '*' },
    ],
    [
      'every object but its own',
      's3:DeleteObject on arn:aws:s3:::acme-backups/nats-evil/',
      { Effect: 'Allow', Action: 's3:DeleteObject', NotResource: `${bucketArn}/nats/*` },
    ],
    [
      'requests that do not carry a key',
      's3:DeleteObject on',
      allow('s3:DeleteObject', `${bucketArn}/*`, { StringEqualsIfExists: { 'aws:SourceVpce': 'vpce-1' } }),
    ],
    [
      'requests without any tag',
      's3:DeleteObject on',
      allow('s3:DeleteObject', `${bucketArn}/*`, { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } }),
    ],
    [
      'all but one address',
      's3:DeleteBucket on ',
      allow('s3:*', '*', { NotIpAddress: { 'aws:SourceIp': '10.0.0.1/32' } }),
    ],
    [
      'next year',
      'aws:CurrentTime',
      allow('s3:*', '*', { DateGreaterThan: { 'aws:CurrentTime': '2027-01-01T00:00:00Z' } }),
    ],
    [
      'what two conditions allow together',
      's3:ExistingObjectTag/keep is no and aws:SourceIp is 10.0.0.0',
      allow('s3:GetObject', `${bucketArn}/*`, {
        IpAddress: { 'aws:SourceIp': '10.0.0.0/8' },
        StringEquals: { 's3:ExistingObjectTag/keep': 'no' },
      }),
    ],
    [
      'what a Deny forgets under its condition',
      's3:DeleteObject on',
      allow('s3:DeleteObject', `${bucketArn}/*`),
      deny('s3:*', '*', { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } }),
    ],
    ['a prefix in another spelling', 'nats/../velero', allow('s3:PutObject', `${bucketArn}/nats*`)],
  ])('is breached: %s', async (name, item, ...statements) => {
    const found = await judgedWith(...statements);
    expect(causesOf(found)).toEqual(['policy-allows-too-much']);
    // The next step names the responsible statement.
    expect(found.differences[0]?.nextStep).toContain('Narrow statement 3 of writer.json');
    if (name !== 'a prefix in another spelling') {
      expect(found.differences.map((each) => each.item)).toContainEqual(expect.stringContaining(item));
    }
  });

  it.each<[string, ...object[]]>([
    [
      'a Deny around an Allow that is too wide',
      allow('s3:DeleteObject', `${bucketArn}/*`),
      deny('s3:DeleteObject', '*'),
    ],
    [
      'a Deny of everything outside',
      allow('s3:PutObject', `${bucketArn}/*`),
      { Effect: 'Deny', Action: 's3:*', NotResource: [bucketArn, `${bucketArn}/nats/*`] },
    ],
    [
      'a statement that has run out',
      allow('s3:*', '*', { DateLessThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } }),
    ],
    [
      'conditions that can never hold together',
      allow('s3:*', '*', { StringEquals: { 'aws:SourceVpce': 'vpce-1' }, Null: { 'aws:SourceVpce': 'true' } }),
    ],
    [
      'a key that the action never carries',
      allow('s3:DeleteObject', `${bucketArn}/*`, { StringLike: { 's3:prefix': 'nats/*' } }),
    ],
    ['who it is, which everybody may ask', allow('sts:GetCallerIdentity', '*')],
  ])('is met: %s', async (_, ...statements) => {
    expect(await judgedWith(...statements)).toMatchObject(met);
  });

  it.each(['*', 'arn:aws:s3:::*'])(
    'C21: is met for the names of all buckets on "%s", which reach no data, and says so',
    async (resource) => {
      const found = await judgedWith(allow('s3:ListAllMyBuckets', resource));
      expect(found).toMatchObject(met);
      expect(found.notVerified?.join()).toContain('s3:ListAllMyBuckets');
      const needed = { ...scope, may: [...may, 's3:ListAllMyBuckets'] };
      const asWork = policyOf(objects, listing, allow('s3:ListAllMyBuckets', resource));
      const asked = await judged(asWork, { scopes: [needed] });
      expect(asked).toMatchObject(met);
      expect(asked.notVerified?.join()).not.toContain('s3:ListAllMyBuckets');
      expect(causesOf(await judged(policyOf(objects, listing), { scopes: [needed] }))).toEqual([
        'policy-lacks-permission',
      ]);
    },
  );

  it.each([bucketArn, 'arn:aws:s3:::*'])('C21: is met for the region of "%s", and says so', async (resource) => {
    const found = await judgedWith(allow('s3:GetBucketLocation', resource));
    expect(found).toMatchObject(met);
    expect(found.notVerified?.join()).toContain('s3:GetBucketLocation');
    expect(causesOf(await judgedWith(allow('s3:GetBucketPolicy', resource)))).toEqual(['policy-allows-too-much']);
  });

  it('C02: is breached for what lies in other buckets, beside their names', async () => {
    const found = await judgedWith(allow(['s3:ListAllMyBuckets', 's3:ListBucket'], 'arn:aws:s3:::*'));
    expect(causesOf(found)).toEqual(['policy-allows-too-much']);
    expect(found.differences.map(({ item }) => item).join()).not.toContain('ListAllMyBuckets');
    expect((await judgedWith(allow('s3:List*', '*'))).differences).not.toEqual([]);
  });

  it('does not say that a request without a resource is allowed on a bucket', async () => {
    const found = await judgedWith(allow('s3:*', `${bucketArn}/velero/*`));
    expect(found.differences.filter(({ item }) => item.includes(' on *'))).toEqual([]);
    expect(found.differences[0]?.item).toMatch(/^s3:(Delete|Bypass)\w+ on arn:aws:s3:::acme-backups\/velero\//);
  });

  it('is breached for what another user could be called only where the writer is unknown', async () => {
    const policy = policyOf(objects, listing, allow('s3:*', '*', { StringEquals: { 'aws:username': 'admin' } }));
    const known = await judged(policy, { writer: { kind: 'user', name: 'nats' } });
    expect(known).toMatchObject(met);
    expect(causesOf(await judged(policy))).toEqual(['policy-allows-too-much']);
    const admin = await judged(policy, { writer: { kind: 'user', name: 'admin' } });
    expect(causesOf(admin)).toEqual(['policy-allows-too-much']);
  });

  it('is undecided, and the statement is named, for an access point that it writes through', async () => {
    const point = allow('s3:PutObject', 'arn:aws:s3:us-west-2:123456789012:accesspoint/nats/object/*');
    const { differences, undecided } = await judgedWith(point);
    expect(differences).toEqual([]);
    expect(undecided).toMatchObject([{ item: 'statement 3 of writer.json', cause: 'statement-undecided' }]);
  });

  it('is undecided for a service that publishes no list, and for more conditions than can be tried', async () => {
    expect((await judgedWith(allow('admin:*', '*'))).undecided).toMatchObject([
      { reason: expect.stringContaining('"admin"') },
    ]);
    const tags = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [`aws:PrincipalTag/t${index}`, ['a', 'b']]),
    );
    const { undecided } = await judgedWith(allow('s3:DeleteObject', `${bucketArn}/velero/*`, { StringEquals: tags }));
    expect(undecided).toMatchObject([{ item: 'statement 3 of writer.json', cause: 'statement-undecided' }]);
  });

  it('names what IAM ignores instead of passing it over', async () => {
    const { differences, notVerified } = await judgedWith(allow('s3:HeadObject', `${bucketArn}/*`));
    expect(differences).toEqual([]);
    expect(notVerified).toContainEqual(expect.stringContaining('s3:HeadObject in statement 3'));
  });
});

describe('C21: conditions that a writer fulfils', () => {
  const put = uploadsIf;

  it.each<[string, object[], string | undefined]>([
    [
      'an encryption header',
      put({ StringEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } }),
      's3:x-amz-server-side-encryption = aws:kms',
    ],
    [
      'a Deny without the encryption header',
      [
        objects,
        listing,
        deny('s3:PutObject', '*', { StringNotEquals: { 's3:x-amz-server-side-encryption': 'AES256' } }),
      ],
      undefined,
    ],
    [
      'a Deny of the header absent',
      [objects, listing, deny('s3:PutObject', '*', { Null: { 's3:x-amz-server-side-encryption': 'true' } })],
      's3:x-amz-server-side-encryption = AES256',
    ],
    [
      'the region',
      [
        allow(['s3:PutObject', 's3:GetObject'], `${bucketArn}/nats/*`, {
          StringEquals: { 'aws:RequestedRegion': 'eu-west-1' },
        }),
        listing,
      ],
      'aws:RequestedRegion = eu-west-1',
    ],
    [
      'the account of the bucket',
      put({ StringEquals: { 'aws:ResourceAccount': '444455556666' } }),
      'aws:ResourceAccount = 444455556666',
    ],
    [
      'the account of the bucket, by S3',
      put({ StringEquals: { 's3:ResourceAccount': '444455556666' } }),
      's3:ResourceAccount = 444455556666',
    ],
    ['an address', put({ IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }), 'aws:SourceIp = 10.0.0.0'],
    [
      'an endpoint, by a Deny',
      [objects, listing, deny('*', '*', { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } })],
      'aws:SourceVpce = vpce-1',
    ],
    ['its name', put({ StringEquals: { 'aws:username': 'backup-bot' } }), 'aws:username = backup-bot'],
    [
      'its id',
      [objects, listing, deny('s3:*', '*', { StringNotLike: { 'aws:userid': ['AROAEXAMPLE:*', '444455556666'] } })],
      'aws:userid = AROAEXAMPLE:sample',
    ],
    ['what it is', put({ StringEquals: { 'aws:PrincipalType': 'AssumedRole' } }), 'aws:PrincipalType = AssumedRole'],
    ['TLS', [objects, listing, deny('s3:*', '*', { Bool: { 'aws:SecureTransport': 'false' } })], undefined],
    [
      'the version of TLS',
      [objects, listing, deny('s3:*', '*', { NumericLessThan: { 's3:TlsVersion': '1.2' } })],
      undefined,
    ],
    ['a date that has not come', put({ DateLessThan: { 'aws:CurrentTime': '2027-01-01T00:00:00Z' } }), undefined],
    ['a date in seconds', put({ DateLessThan: { 'aws:CurrentTime': '1798761600' } }), undefined],
  ])('is met, and says what the work depends on: %s', async (_, statements, dependency) => {
    const found = await judged(policyOf(...statements));
    expect(found).toMatchObject(met);
    const dependencies = found.notVerified?.filter((each) => each.includes('requests carry')) ?? [];
    if (dependency === undefined) expect(dependencies.join()).not.toMatch(/Transport|CurrentTime/);
    else expect(dependencies).toContainEqual(expect.stringContaining(dependency));
  });

  it.each(['aws-cn', 'aws-us-gov'])('is met in the partition %s', async (partition) => {
    const text = JSON.stringify(policyOf(objects, listing)).replaceAll('arn:aws:', `arn:${partition}:`);
    expect(await judged(JSON.parse(text))).toMatchObject(met);
  });

  it('is met for a writer whose name is its prefix, and says whose', async () => {
    const own = `${bucketArn}/${variable('aws:username')}/*`;
    const list = allow('s3:ListBucket', bucketArn, { StringLike: { 's3:prefix': `${variable('aws:username')}/*` } });
    const policy = policyOf(allow(['s3:PutObject', 's3:GetObject'], own), list);
    const found = await judged(policy);
    expect(found).toMatchObject(met);
    expect(found.notVerified).toContainEqual(expect.stringContaining('the writer is called nats'));
    expect(await judged(policy, { writer: { kind: 'user', name: 'nats' } })).toMatchObject(met);
    const another = await judged(policy, { writer: { kind: 'user', name: 'velero' } });
    expect(causesOf(another)).toEqual(['policy-allows-too-much', 'policy-lacks-permission']);
    // An assumed role has no user name.
    expect(causesOf(await judged(policy, { writer: { kind: 'role', name: 'nats' } }))).toEqual([
      'policy-lacks-permission',
    ]);
  });

  it('takes a variable for text in the older version of the language', async () => {
    const policy = {
      ...policyOf(allow(['s3:PutObject', 's3:GetObject'], `${bucketArn}/${variable('aws:username')}/*`), listing),
      Version: '2008-10-17',
    };
    const found = await judged(policy, { writer: { kind: 'user', name: 'nats' } });
    expect(causesOf(found)).toContain('policy-lacks-permission');
  });

  it('is met for a tag of the writer that names its prefix', async () => {
    const own = `${bucketArn}/${variable('aws:PrincipalTag/team')}/*`;
    expect(await judged(policyOf(allow(['s3:PutObject', 's3:GetObject'], own), listing))).toMatchObject(met);
  });

  it('is met for a listing in one way, and says in which', async () => {
    const list = allow('s3:ListBucket', bucketArn, { StringEquals: { 's3:prefix': 'nats/', 's3:delimiter': '/' } });
    const found = await judged(policyOf(objects, list));
    expect(found).toMatchObject(met);
    expect(found.notVerified).toContainEqual(expect.stringContaining('s3:delimiter = /'));
    expect(found.notVerified).toContainEqual(expect.stringContaining('lists with prefix "nats/" only'));
  });

  it('lacks what no request of the writer can fulfil any more', async () => {
    const found = await judged(policyOf(...put({ DateLessThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } })));
    expect(causesOf(found)).toEqual(['policy-lacks-permission']);
    const plain = await judged(policyOf(...put({ Bool: { 'aws:SecureTransport': 'false' } })));
    expect(plain.undecided?.length).toBeGreaterThan(0);
  });

  it.each<[string, object[]]>([
    [
      'a Deny until then',
      [objects, listing, deny('s3:PutObject', '*', { DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } })],
    ],
    ['a right from then on', put({ DateGreaterThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } })],
    ['a right from then on, in seconds', put({ DateGreaterThan: { 'aws:EpochTime': '1893456000' } })],
    ['a right from then on, as a number', put({ NumericGreaterThan: { 'aws:EpochTime': '1893456000' } })],
  ])('lacks today what it is allowed at a time to come: %s', async (_, statements) => {
    const found = await judged(policyOf(...statements));
    expect(causesOf(found)).toEqual(['policy-lacks-permission']);
    expect(found.differences[0]).toMatchObject({
      found: expect.stringMatching(/^denied today, and allowed only when aws:(CurrentTime|EpochTime) is /),
      nextStep: expect.stringMatching(/^Correct the condition on aws:(CurrentTime|EpochTime) in statement \d/),
    });
  });

  it.each<[string, object[]]>([
    ['a number that has passed', put({ NumericLessThan: { 'aws:EpochTime': '1577836800' } })],
    ['seconds that have passed', put({ DateLessThan: { 'aws:EpochTime': '1577836800' } })],
  ])('lacks what ended: %s', async (_, statements) => {
    expect(causesOf(await judged(policyOf(...statements)))).toEqual(['policy-lacks-permission']);
  });

  it('is not blamed for a right that ended', async () => {
    for (const ended of [
      { NumericLessThan: { 'aws:EpochTime': '1577836800' } },
      { DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } },
    ]) {
      expect(await judgedWith(allow('s3:DeleteObject', `${bucketArn}/nats/*`, ended))).toMatchObject(met);
    }
  });

  it.each<[string, object[], string]>([
    ['a right that ends', put({ DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } }), '2030-01-01T00:00:00Z'],
    [
      'a Deny that begins',
      [objects, listing, deny('s3:*', '*', { DateGreaterThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } })],
      '2030-01-01T00:00:00Z',
    ],
    ['a right that ends, as a number', put({ NumericLessThan: { 'aws:EpochTime': '1893456000' } }), '1893456000'],
  ])('is met with a note until then: %s', async (_, statements, end) => {
    const found = await judged(policyOf(...statements));
    expect(found).toMatchObject(met);
    expect(found.notVerified).toContainEqual(
      expect.stringMatching(new RegExp(`does not need s3:PutObject after ${end}, when statement`)),
    );
  });

  it('needs no note where another statement goes on', async () => {
    const found = await judgedWith(
      allow(['s3:PutObject'], `${bucketArn}/nats/*`, { DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' } }),
    );
    expect(found.notVerified?.join()).not.toMatch(/does not need s3:PutObject after/);
  });

  it.each<[string, object]>([
    ['made by a service', { Bool: { 'aws:PrincipalIsAWSService': 'true' } }],
    ['in a class that S3 has not', { StringEquals: { 's3:x-amz-storage-class': 'COLD' } }],
    ['with an encryption that S3 has not', { StringEquals: { 's3:x-amz-server-side-encryption': 'AES512' } }],
    ['with a TLS that nobody has', { NumericGreaterThanEquals: { 's3:TlsVersion': '9' } }],
  ])('lacks what it may do only in a request that there is none of: %s', async (_, condition) => {
    expect(causesOf(await judged(policyOf(...put(condition))))).toEqual(['policy-lacks-permission']);
  });

  it.each<[string, object]>([
    ['made by itself', { Bool: { 'aws:PrincipalIsAWSService': 'false', 'aws:ViaAWSService': 'false' } }],
    ['not made through a service', { Null: { 'aws:CalledVia': 'true' } }],
    ['encrypted in some way of KMS', { StringLike: { 's3:x-amz-server-side-encryption': 'aws:kms*' } }],
    ['with any encryption that it names', { Null: { 's3:x-amz-server-side-encryption': 'false' } }],
    ['in a cold class', { StringLike: { 's3:x-amz-storage-class': '*_IA' } }],
    ['with a new TLS', { NumericGreaterThanEquals: { 's3:TlsVersion': '1.3' } }],
  ])('is met for a request that it can make: %s', async (_, condition) => {
    expect(await judged(policyOf(...put(condition)))).toMatchObject(met);
  });

  it('is no use to a job that a service may do it for the writer, and is too much all the same', async () => {
    for (const condition of [
      { Bool: { 'aws:ViaAWSService': 'true' } },
      { 'ForAnyValue:StringEquals': { 'aws:CalledVia': ['athena.amazonaws.com'] } },
    ]) {
      const found = await judged(policyOf(...put(condition)));
      expect(found.undecided?.length).toBeGreaterThan(0);
      expect(causesOf(await judgedWith(allow('s3:DeleteObject', `${bucketArn}/*`, condition)))).toEqual([
        'policy-allows-too-much',
      ]);
    }
  });

  it('knows the classes and encryptions that S3 knows', () => {
    expect(possibleValues('s3:x-amz-storage-class').toSorted()).toEqual(Object.values(StorageClass).toSorted());
    expect(possibleValues('s3:x-amz-server-side-encryption').toSorted()).toEqual(
      Object.values(ServerSideEncryption).toSorted(),
    );
  });

  it('is undecided where somebody would have to type a code', async () => {
    const found = await judged(policyOf(...put({ Bool: { 'aws:MultiFactorAuthPresent': 'true' } })));
    expect(found.differences).toEqual([]);
    expect(found.undecided).toMatchObject([{ item: 'statement 1 of writer.json' }]);
    const denied = deny('*', '*', { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } });
    expect((await judgedWith(denied)).undecided).toMatchObject([{ item: 'statement 3 of writer.json' }]);
  });

  it('names the statement that asks for something, once', async () => {
    const region = { StringNotEquals: { 'aws:RequestedRegion': ['eu-west-1', 'eu-central-1'] } };
    const { notVerified } = await judgedWith({
      Effect: 'Deny',
      NotAction: ['iam:*'],
      Resource: '*',
      Condition: region,
    });
    expect(notVerified?.filter((each) => each.includes('RequestedRegion'))).toEqual([
      "that the writer's requests carry aws:RequestedRegion = eu-west-1, as statement 3 asks",
    ]);
  });

  it.each([null, [], 'text', 7, {}])('is refused for a file that holds %j', async (document) => {
    expect(causesOf(await judged(document))).toEqual(['policy-rejected']);
  });

  it('never advises to weaken what protects from deletion', async () => {
    const policy = policyOf(objects, listing, allow('s3:DeleteObject', `${bucketArn}/nats/*`), {
      Sid: 'NoDelete',
      ...deny('s3:Delete*', '*'),
    });
    const found = await judged(policy, { scopes: [{ ...scope, may: [...may, 's3:DeleteObject'] }] });
    expect(found.differences[0]).toMatchObject({
      found: 'denied by an explicit Deny',
      cause: 'policy-lacks-permission',
    });
    expect(found.differences[0]?.nextStep).toBe(
      'Statement 4 ("NoDelete") of writer.json denies it and protects the backups: take s3:DeleteObject out of `may`.',
    );
  });
});

describe('the keys that encrypt backups', () => {
  const key = 'arn:aws:kms:us-west-2:444455556666:key/1234abcd';
  const encryption = {
    Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key } }],
  };

  it('C02: need permissions of KMS, on that key and no other', async () => {
    const without = await judged(policyOf(objects, listing), { encryption });
    expect(without.differences).toMatchObject([
      { item: `kms:Decrypt on ${key}`, cause: 'policy-lacks-permission' },
      { item: `kms:GenerateDataKey on ${key}`, cause: 'policy-lacks-permission' },
    ]);
    const use = ['kms:GenerateDataKey', 'kms:Decrypt', 'kms:DescribeKey'];
    expect(await judged(policyOf(objects, listing, allow(use, key)), { encryption })).toMatchObject(met);
    const throughS3 = allow(use, key, { StringEquals: { 'kms:ViaService': 's3.us-west-2.amazonaws.com' } });
    expect(await judged(policyOf(objects, listing, throughS3), { encryption })).toMatchObject(met);
    expect(causesOf(await judged(policyOf(objects, listing, allow(use, '*')), { encryption }))).toEqual([
      'policy-allows-too-much',
    ]);
    const ends = await judged(policyOf(objects, listing, allow([...use, 'kms:ScheduleKeyDeletion'], key)), {
      encryption,
    });
    expect(ends.differences).toMatchObject([{ item: expect.stringContaining('kms:ScheduleKeyDeletion') }]);
  });

  it('C21: are those that the policy asks for in each upload', async () => {
    const put = allow('s3:PutObject', `${bucketArn}/nats/*`, {
      StringEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': key },
    });
    const rest = [allow('s3:GetObject', `${bucketArn}/nats/*`), listing];
    expect(causesOf(await judged(policyOf(put, ...rest)))).toEqual(['policy-lacks-permission']);
    expect(await judged(policyOf(put, ...rest, allow(['kms:GenerateDataKey', 'kms:Decrypt'], key)))).toMatchObject(met);
  });

  it.each([
    ['S3 managed keys', { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] }],
    ["S3's own key of KMS", { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }] }],
    ['no default', {}],
  ])('C21: need nothing with %s', async (_, given) => {
    expect(await judged(policyOf(objects, listing), { encryption: given })).toMatchObject(met);
  });

  it('C02: lets a writer of volumes have the other service that it needs, and nothing else of it', async () => {
    const volumes = ['ec2:CreateSnapshot', 'ec2:DescribeSnapshots'];
    const scopes = [{ bucket: BUCKET, prefix: 'nats/', may: [...may, ...volumes] }];
    expect(await judged(policyOf(objects, listing, allow(volumes, '*')), { scopes })).toMatchObject(met);
    const anyRead = [{ ...scope, may: [...may, 'ec2:CreateSnapshot', 'ec2:Describe*'] }];
    const reads = policyOf(objects, listing, allow(['ec2:CreateSnapshot', 'ec2:Describe*'], '*'));
    expect(await judged(reads, { scopes: anyRead })).toMatchObject(met);
    expect(causesOf(await judged(reads, { scopes: [{ ...scope, may: [...may, 'ec2:Nothing*'] }] }))).toContain(
      'contract-mistake',
    );
    const more = await judged(policyOf(objects, listing, allow([...volumes, 'ec2:DeleteSnapshot'], '*')), { scopes });
    expect(causesOf(more)).toEqual(['policy-allows-too-much']);
    expect(causesOf(await judged(policyOf(objects, listing), { scopes }))).toEqual(['policy-lacks-permission']);
  });
});
