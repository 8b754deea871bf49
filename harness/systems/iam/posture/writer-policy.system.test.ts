import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { s3Client } from '../../../clients/s3.ts';
import { systemClock } from '../../../clock/clock.ts';
import { newDrillId } from '../../../contract/drill-contract.ts';
import type { PostureCheck } from '../../../model/posture.ts';
import { Secrets } from '../../../model/secrets.ts';
import { sharedTarget } from '../../../testing/shared-target.ts';
import { judgeCheck } from '../../../verdict/posture.ts';
import { s3Store } from '../../s3/service.ts';
import { allow, bucketArn, deny, listing, objects, policyOf, scope } from '../testing/policies.ts';
import { encryptedTransport, writerPolicy } from './writer-policy.ts';

const target = sharedTarget();
const { endpoint, region, accessKeyId, secretAccessKey } = await target.place(s3Store);
const iam = new IAMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
const declared = policyOf(objects, listing);
const text = JSON.stringify;
let policy = '';

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dr-contracts-writer-'));
  policy = join(folder, 'writer.json');
  await writeFile(policy, text(declared));
  return async () => {
    iam.destroy();
    await rm(folder, { recursive: true, force: true });
  };
});

async function judged(check: PostureCheck) {
  const project = {
    folder: '/nowhere',
    outDir: '/nowhere',
    contracts: async () => [],
    drilledContracts: async () => [],
  };
  const { signal } = new AbortController();
  const step = { clock: systemClock, signal, scratchDir: tmpdir(), secrets: new Secrets(), progress: () => undefined };
  const observation = await check.observe({ target, project, step });
  return judgeCheck({ promise: check.promise, observation, failure: null });
}

const ofUser = (user: string) => judged(writerPolicy({ policy, user, ...scope }));
const ofRole = (role: string) => judged(writerPolicy({ policy, role, ...scope }));

async function newUser(): Promise<string> {
  const UserName = `writer-${newDrillId()}`;
  await iam.send(new CreateUserCommand({ UserName }));
  return UserName;
}

async function managed(document: object): Promise<string> {
  const made = await iam.send(
    new CreatePolicyCommand({ PolicyName: `p-${newDrillId()}`, PolicyDocument: text(document) }),
  );
  return made.Policy?.Arn ?? '';
}

test('C33: the declared policy is found whether the user has it of its own or attached, in the version in force', async () => {
  const own = await newUser();
  await iam.send(new PutUserPolicyCommand({ UserName: own, PolicyName: 'writer', PolicyDocument: text(declared) }));
  expect(await ofUser(own)).toMatchObject({ verdict: 'met' });

  const attached = await newUser();
  const PolicyArn = await managed(declared);
  await iam.send(new AttachUserPolicyCommand({ UserName: attached, PolicyArn }));
  expect(await ofUser(attached)).toMatchObject({ verdict: 'met' });
  const wider = policyOf(objects, listing, allow('s3:DeleteObject', `${bucketArn}/*`));
  await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: text(wider), SetAsDefault: true }));
  expect(await ofUser(attached)).toMatchObject({ verdict: 'breached', cause: 'policy-allows-too-much' });
});

test('C33: a role can be the writer', async () => {
  const RoleName = `writer-${newDrillId()}`;
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } };
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: text(policyOf(trust)) }));
  expect(await ofRole(RoleName)).toMatchObject({ verdict: 'breached', cause: 'policy-not-applied' });
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: await managed(declared) }));
  expect(await ofRole(RoleName)).toMatchObject({ verdict: 'met' });
  const more = policyOf(allow('iam:*', '*'));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'more', PolicyDocument: text(more) }));
  const found = await ofRole(RoleName);
  expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-allows-too-much' });
  expect(found.sentence).toContain('statement 1 of policy more');
});

// LocalStack answers all policies on one page. So this shows that the last of many counts, not that pages are followed.
test('C33: every policy counts: the last of many, of a group, attached to a group; one that only protects is none too many', async () => {
  const user = await newUser();
  const put = (PolicyName: string, document: object) =>
    iam.send(new PutUserPolicyCommand({ UserName: user, PolicyName, PolicyDocument: text(document) }));
  await put('m-writer', declared);
  await put('a-protection', policyOf(deny(['s3:DeleteObject', 's3:DeleteBucket'], '*')));
  expect(await ofUser(user)).toMatchObject({ verdict: 'met' });
  for (let index = 0; index < 105; index += 1) await put(`n-${index}`, policyOf(deny('s3:DeleteBucket', '*')));
  await put('z-last', policyOf(allow('s3:PutObject', `${bucketArn}/velero/*`)));
  const found = await ofUser(user);
  expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-allows-too-much' });
  expect(found.sentence).toContain('statement 1 of policy z-last');

  const member = await newUser();
  const GroupName = `group-${newDrillId()}`;
  await iam.send(new CreateGroupCommand({ GroupName }));
  await iam.send(new AddUserToGroupCommand({ GroupName, UserName: member }));
  await iam.send(new AttachGroupPolicyCommand({ GroupName, PolicyArn: await managed(declared) }));
  expect(await ofUser(member)).toMatchObject({ verdict: 'met' });
  const more = text(policyOf(allow('s3:DeleteObject', `${bucketArn}/nats/*`)));
  await iam.send(new PutGroupPolicyCommand({ GroupName, PolicyName: 'more', PolicyDocument: more }));
  expect((await ofUser(member)).sentence).toContain(`policy more of group ${GroupName}`);
});

test('C33: a policy that is not the declared one, no policy and no user are told apart', async () => {
  const user = await newUser();
  expect(await ofUser(user)).toMatchObject({
    cause: 'policy-not-applied',
    sentence: expect.stringContaining('no policy at all'),
  });
  const less = { ...objects, Action: 's3:PutObject' };
  await iam.send(
    new PutUserPolicyCommand({ UserName: user, PolicyName: 'w', PolicyDocument: text(policyOf(less, listing)) }),
  );
  const found = await ofUser(user);
  expect(found.verdict).toBe('breached');
  expect(found.sentence).toContain('s3:GetObject on');
  expect(await ofUser('nobody')).toMatchObject({
    cause: 'policy-not-applied',
    sentence: expect.stringContaining('none of that name'),
  });
  expect(await ofRole('nobody')).toMatchObject({ cause: 'policy-not-applied' });
});

test('C22: the policy of a live bucket is looked at beside the prefix, too', async () => {
  const client = s3Client(await target.place(s3Store), { maxAttempts: 3 });
  onTestFinished(() => client.destroy());
  const bucket = `dr-${newDrillId()}`;
  await client.send(
    new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: 'us-west-2' } }),
  );
  const arn = `arn:aws:s3:::${bucket}`;
  const tls = { ...deny('s3:*', [arn, `${arn}/*`], { Bool: { 'aws:SecureTransport': 'false' } }), Principal: '*' };
  const everybody = { ...allow('s3:GetObject', `${arn}/public/*`), Principal: '*' };
  const put = (...statements: object[]) =>
    client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: text(policyOf(...statements)) }));
  const check = encryptedTransport({ bucket, prefix: 'nats/' });
  expect(await judged(check)).toMatchObject({ verdict: 'breached', cause: 'bucket-policy-allows-plain-http' });
  await put(tls);
  expect(await judged(check)).toMatchObject({ verdict: 'met' });
  await put(tls, everybody);
  expect(await judged(check)).toMatchObject({ verdict: 'breached', cause: 'bucket-policy-is-public' });
});
