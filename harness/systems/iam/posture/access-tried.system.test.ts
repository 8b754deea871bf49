import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it } from 'vitest';
import { iamClient } from '../../../clients/iam.ts';
import { newDrillId } from '../../../contract/drill-contract.ts';
import type { PostureCheckRecord } from '../../../model/posture.ts';
import { ChecksOn } from '../../../posture/testing/on-target.ts';
import { sharedTarget } from '../../../testing/shared-target.ts';
import { enforcingStore, s3Store } from '../../s3/service.ts';
import { allow, bucketArn, deny, listing, objects, policyOf, scope } from '../testing/policies.ts';
import { type AccessTriedOptions, accessTried } from './access-tried.ts';

const target = sharedTarget();
const iam = iamClient(await target.place(s3Store));
const variable = (name: string) => ['$', `{${name}}`].join('');
let checks: ChecksOn;

beforeAll(async () => {
  checks = await ChecksOn.of(target);
  return async () => {
    iam.destroy();
    await checks[Symbol.asyncDispose]();
  };
});

const checked = (writers: AccessTriedOptions['writers']): Promise<PostureCheckRecord> =>
  checks.record(accessTried({ writers }));

async function userWith(document: object | string, user = `writer-${newDrillId()}`): Promise<string> {
  await iam.send(new CreateUserCommand({ UserName: user }));
  const PolicyDocument = typeof document === 'string' ? document : JSON.stringify(document);
  await iam.send(new PutUserPolicyCommand({ UserName: user, PolicyName: 'writer', PolicyDocument }));
  return user;
}

async function fileWith(text: string): Promise<string> {
  const path = join(checks.folder, `${newDrillId()}.json`);
  await writeFile(path, text);
  return path;
}

const observed = ({ observation }: PostureCheckRecord) => {
  if (observation?.kind !== 'comparison') throw new Error('nothing was compared');
  return observation;
};
const itemsOf = (record: PostureCheckRecord) => observed(record).firstDifferences.map(({ item }) => item);
/** Several writers share one check, because each check starts a service and finds out what it enforces. */
const inGroupsOf = <T extends readonly [string, ...unknown[]]>(size: number, cases: readonly T[]) =>
  Array.from({ length: Math.ceil(cases.length / size) }, (_, index) => {
    const group = cases.slice(index * size, (index + 1) * size);
    return { names: group.map(([name]) => name).join('; '), group };
  });
const withStatement = (...statements: object[]) => policyOf(objects, listing, ...statements);

describe.skipIf(!target.offers(enforcingStore))('access, decided by trying and by evaluation', () => {
  const tooMuchTried: readonly (readonly [string, object, string])[] = [
    ["another team's bucket", allow('s3:PutObject', 'arn:aws:s3:::another-team/*'), 's3:PutObject below another-team/'],
    [
      'a folder of another bucket',
      allow('s3:GetObject', 'arn:aws:s3:::another-team/private/*'),
      's3:GetObject below another-team/private/',
    ],
    ["a neighbour's prefix", allow('s3:GetObject', `${bucketArn}/velero/*`), 's3:GetObject below acme-backups/velero/'],
    ['a beginning of names', allow('s3:GetObject', `${bucketArn}/vel*`), 's3:GetObject below acme-backups/vel'],
    [
      "the listing of a neighbour's prefix",
      allow('s3:ListBucket', bucketArn, { StringLike: { 's3:prefix': 'velero/*' } }),
      's3:ListBucket of acme-backups with prefix velero/',
    ],
    [
      "the settings of another team's bucket",
      allow('s3:PutBucketPolicy', 'arn:aws:s3:::another-team'),
      's3:PutBucketPolicy on bucket another-team',
    ],
  ];
  it.each(inGroupsOf(3, tooMuchTried))('is breached by trying for $names', async ({ group }) => {
    const users = await Promise.all(group.map(([, statement]) => userWith(withStatement(statement))));
    const found = await checked(users.map((user) => ({ user, ...scope })));
    expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-allows-too-much', halts: 'access' });
    for (const [index, [, , item]] of group.entries()) {
      const asked = `IAM user ${users[index]}: ${item}`;
      expect(itemsOf(found)).toContain(asked);
      const told = observed(found).firstDifferences.find((each) => each.item === asked);
      expect(told?.found).toMatch(/^it was allowed \(.*, by trying and by evaluation\)$/);
    }
  });

  const tooMuchEvaluated: readonly (readonly [string, object])[] = [
    // SeaweedFS treats an empty prefix as no prefix.
    ['the whole bucket, by an empty prefix', allow('s3:ListBucket', bucketArn, { StringEquals: { 's3:prefix': '' } })],
    ['one object', allow('s3:GetObject', `${bucketArn}/secrets.txt`)],
    ['archives wherever they lie', allow('s3:DeleteObject', `${bucketArn}/*.tar.gz`)],
    ['what no request of the trial is', allow('s3:PutReplicationConfiguration', bucketArn)],
    ['another service', allow('iam:*', '*')],
    ['an address', allow('s3:*', '*', { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } })],
    ['an endpoint', allow('s3:GetObject', `${bucketArn}/*`, { StringEquals: { 'aws:SourceVpce': 'vpce-1' } })],
    ['TLS', allow('s3:GetObject', `${bucketArn}/*`, { Bool: { 'aws:SecureTransport': 'true' } })],
    ['everything but a list', { Effect: 'Allow', NotAction: ['iam:*'], Resource: '*' }],
  ];
  it.each(inGroupsOf(4, tooMuchEvaluated))('is breached by evaluation for $names', async ({ group }) => {
    const users = await Promise.all(group.map(([, statement]) => userWith(withStatement(statement))));
    const found = await checked(users.map((user) => ({ user, ...scope })));
    expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-allows-too-much', halts: 'access' });
    for (const user of users) {
      const told = observed(found).firstDifferences.filter(({ item }) => item.startsWith(`IAM user ${user}: `));
      expect(told.map((each) => each.found).join()).toContain('by evaluation');
    }
  });

  const when = (Condition: object) =>
    policyOf(
      { ...objects, Condition },
      allow('s3:ListBucket', bucketArn, { StringLike: { 's3:prefix': 'nats/*' }, ...Condition }),
    );
  const never = (Condition: object) => withStatement(deny('s3:*', '*', Condition));
  const right: readonly (readonly [string, object])[] = [
    ['TLS, by a Deny', never({ Bool: { 'aws:SecureTransport': 'false' } })],
    ['TLS, by an Allow', when({ Bool: { 'aws:SecureTransport': 'true' } })],
    ['the version of TLS', never({ NumericLessThan: { 's3:TlsVersion': '1.2' } })],
    ['an address', when({ IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } })],
    ['an address, by a Deny', never({ NotIpAddress: { 'aws:SourceIp': ['203.0.113.0/24'] } })],
    ['an address inside a network', when({ IpAddress: { 'aws:VpcSourceIp': '10.0.0.0/8' } })],
    ['an endpoint', when({ StringEquals: { 'aws:SourceVpce': 'vpce-1' } })],
    ['an endpoint, by a Deny', never({ StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } })],
    ['an organisation', when({ StringEquals: { 'aws:PrincipalOrgID': 'o-1' } })],
    ['one of several organisation paths', when({ 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': ['o-1/*'] } })],
    ['all of several tag keys', when({ 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } })],
    ['a date to come', when({ DateLessThan: { 'aws:CurrentTime': '2099-01-01T00:00:00Z' } })],
    ['a region', when({ StringEquals: { 'aws:RequestedRegion': 'us-west-2' } })],
    ['the account of the bucket', when({ StringEquals: { 's3:ResourceAccount': '444455556666' } })],
    ['operators in small letters', when({ stringequals: { 'aws:sourcevpce': 'vpce-1' } })],
    [
      'a Deny of everything outside',
      withStatement({ Effect: 'Deny', Action: 's3:*', NotResource: [bucketArn, `${bucketArn}/nats/*`] }),
    ],
    ['a Deny of all but the work', withStatement({ Effect: 'Deny', NotAction: scope.may, Resource: '*' })],
    ['the region of its bucket, which reaches no data', withStatement(allow('s3:GetBucketLocation', bucketArn))],
    ['the older language', { ...withStatement(), Version: '2008-10-17' }],
    ['no version', { Statement: withStatement().Statement }],
  ];
  it.each(inGroupsOf(7, right))('is met for right policies: $names', async ({ group }) => {
    // Policies come from files: the target's IAM accepts neither the older language nor operators in lower case.
    const files = await Promise.all(group.map(([, document]) => fileWith(JSON.stringify(document))));
    const found = await checked(files.map((policy) => ({ policy, ...scope })));
    expect(found.sentence).toMatch(/compared by trying on \S+ [\d.]+ and by evaluation, all as promised/);
    expect(found.verdict).toBe('met');
  });

  it('is unproven where a part of the own prefix is kept from the writer, unless the contract says which keys it uses', async () => {
    const user = await userWith(withStatement(deny('s3:PutObject', `${bucketArn}/nats/archive/*`)));
    const anyKey = await checked([{ user, ...scope }]);
    expect(anyKey).toMatchObject({ verdict: 'unproven', cause: 'statement-undecided' });
    expect(anyKey.sentence).toContain('state in `keys` exactly which keys the writer uses');
    expect(await checked([{ user, ...scope, keys: ['daily/*'] }])).toMatchObject({ verdict: 'met' });
  });

  it('says of each right which of the two decided it', async () => {
    const plain = await userWith(withStatement());
    const endpoint = await userWith(when({ StringEquals: { 'aws:SourceVpce': 'vpce-1' } }));
    const found = await checked([plain, endpoint].map((user) => ({ user, ...scope })));
    expect(found.verdict).toBe('met');
    const { evidence } = observed(found);
    expect(evidence[`IAM user ${plain}: s3:PutObject below acme-backups/nats/`]).toBe(
      'decided by trying and evaluation',
    );
    expect(evidence[`IAM user ${endpoint}: s3:PutObject below acme-backups/nats/`]).toMatch(
      /^decided by evaluation alone \(SeaweedFS \S+ refuses it, by the condition on aws:SourceVpce\)$/,
    );
  });

  it('is unproven where only somebody with a second factor could do the work', async () => {
    const document = when({ Bool: { 'aws:MultiFactorAuthPresent': 'true' } });
    const found = await checked([{ user: await userWith(document), ...scope }]);
    expect(found).toMatchObject({ verdict: 'unproven', cause: 'statement-undecided' });
  });

  const own = policyOf(
    allow(['s3:PutObject', 's3:GetObject'], `${bucketArn}/${variable('aws:username')}/*`),
    allow('s3:ListBucket', bucketArn, { StringLike: { 's3:prefix': `${variable('aws:username')}/*` } }),
  );

  it('takes the name of the writer for its variables, in the newer language alone', async () => {
    const user = await userWith(own);
    const itself = { ...scope, prefix: `${user}/` };
    expect(await checked([{ user, ...itself }])).toMatchObject({ verdict: 'met' });
    expect(await checked([{ user, ...scope }])).toMatchObject({ verdict: 'breached' });
    const older = await fileWith(JSON.stringify({ ...own, Version: '2008-10-17' }));
    const literal = await checked([{ policy: older, ...scope }]);
    expect(literal).toMatchObject({ verdict: 'breached', cause: 'policy-lacks-permission' });
    expect(await checked([{ policy: await fileWith(JSON.stringify(own)), ...scope }])).toMatchObject({
      verdict: 'met',
    });
  });

  const refused: readonly (readonly [string, (text: string) => string, string])[] = [
    [
      'a name that stands twice',
      (text) => text.replace('"Resource":', '"Resource":"*","Resource":'),
      '"Resource" stands more than once in Statement[0]',
    ],
    [
      'a Condition that stands twice',
      (text) => text.replace('"Condition":', '"Condition":{"Bool":{"aws:SecureTransport":"true"}},"Condition":'),
      '"Condition" stands more than once in Statement[1]',
    ],
    [
      'a key that stands twice in one operator',
      (text) => text.replace('"s3:prefix":', '"s3:prefix":"","s3:prefix":'),
      '"s3:prefix" stands more than once in Statement[1].Condition.StringLike',
    ],
    [
      'a Sid that stands twice',
      (text) => text.replaceAll('"Effect":', '"Sid":"a","Effect":'),
      'the Sid "a" stands more than once',
    ],
    ['names in small letters', (text) => text.replace('"Effect":', '"effect":'), 'Invalid key effect'],
    [
      'an element that IAM does not know',
      (text) => text.replace('"Effect":', '"Comment":"x","Effect":'),
      'Invalid key Comment',
    ],
    ['a principal', (text) => text.replace('"Effect":', '"Principal":"*","Effect":'), 'Principal is not allowed'],
    [
      'an operator that IAM does not know',
      (text) => text.replace('StringLike', 'StringMatches'),
      'no operator "StringMatches"',
    ],
    ['another version', (text) => text.replace('2012-10-17', '2012-10-18'), 'Version must be'],
  ];
  it.each(inGroupsOf(9, refused))('is breached for a document with $names', async ({ group }) => {
    const good = await userWith(withStatement());
    const text = JSON.stringify(withStatement());
    const files = await Promise.all(group.map(([, broken]) => fileWith(broken(text))));
    const found = await checked([...files.map((policy) => ({ policy, ...scope })), { user: good, ...scope }]);
    expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-rejected', halts: 'access' });
    const told = observed(found).firstDifferences.map((each) => `${each.item}: ${each.found}`);
    for (const [index, [, , said]] of group.entries()) {
      const ofIt = told.filter((each) => each.startsWith(`${files[index]}: `)).join();
      expect(ofIt).toContain(said);
    }
    expect(itemsOf(found).filter((item) => item.includes(good))).toEqual([]);
  });

  it('is breached for a live policy in which a name stands twice', async () => {
    const text = JSON.stringify(withStatement()).replace('"Resource":', '"Resource":"*","Resource":');
    const user = await userWith(text);
    const found = await checked([{ user, ...scope }]);
    expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-rejected' });
    expect(found.sentence).toContain(
      `IAM user ${user}: expected each name to stand once in its object, found policy writer, "Resource" stands more than once in Statement[0]. Write it once`,
    );
  });

  it('gives a next step that fits: create it, give it a policy, correct the path', async () => {
    const UserName = `writer-${newDrillId()}`;
    await iam.send(new CreateUserCommand({ UserName }));
    const found = await checked(['nobody-of-that-name', UserName].map((user) => ({ user, ...scope })));
    expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-not-applied' });
    expect(found.sentence).toContain('found none of that name. Correct the name in the contract, or create the user');
    expect(found.sentence).toContain('found no policy at all. Give the user its policy');
    expect(found.sentence).not.toContain('..');
    const absent = await checked([{ policy: join(checks.folder, 'absent.json'), ...scope }]);
    expect(absent).toMatchObject({ verdict: 'unproven' });
    expect(absent.sentence).toContain('Correct the path in the contract');
    const broken = await checked([{ policy: await fileWith('{ "Version": '), ...scope }]);
    expect(broken).toMatchObject({ verdict: 'unproven' });
    expect(broken.sentence).toContain('a readable JSON file');
  });
});
