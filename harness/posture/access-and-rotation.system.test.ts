import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateAccessKeyCommand, CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { iamClient } from '../clients/iam.ts';
import { newDrillId } from '../contract/drill-contract.ts';
import type { PostureCheck, PostureCheckRecord } from '../model/posture.ts';
import type { Target } from '../model/target.ts';
import { accessTried } from '../systems/iam/posture/access-tried.ts';
import { allow, bucketArn, listing, objects, policyOf, scope } from '../systems/iam/testing/policies.ts';
import { enforcingStore, s3Store } from '../systems/s3/service.ts';
import { sharedTarget } from '../testing/shared-target.ts';
import { withoutService, withPlace } from '../testing/with-place.ts';
import { credentialsRotated } from './checks/rotation.ts';
import { ChecksOn, differencesOf, evidenceOf } from './testing/on-target.ts';

const target = sharedTarget();
const iam = iamClient(await target.place(s3Store));
const declared = policyOf(objects, listing);
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
let checks: ChecksOn;

beforeAll(async () => {
  checks = await ChecksOn.of(target);
  return async () => {
    iam.destroy();
    await checks[Symbol.asyncDispose]();
  };
});

const checked = async (check: PostureCheck, on: Target = target): Promise<PostureCheckRecord> =>
  await checks.record(check, on);
const userWith = async (document: object): Promise<string> => await checks.userWith(document);

const tried = (writer: { readonly user: string } | { readonly role: string }, on: Target = target) =>
  checked(accessTried({ writers: [{ ...writer, ...scope }] }), on);
describe.skipIf(!target.offers(enforcingStore))('access, tried on a service that enforces policies', () => {
  it('halts for a policy that is too wide, and is clear once it is not', async () => {
    const wide = await userWith(policyOf(objects, listing, allow('s3:*', [bucketArn, `${bucketArn}/*`])));
    const halted = await tried({ user: wide });
    expect(halted).toMatchObject({
      verdict: 'breached',
      cause: 'policy-allows-too-much',
      condition: 'access',
      halts: 'access',
      owner: 'platform',
    });
    expect(halted.nextStep).toMatch(/^Correct the policy/);
    expect(halted.sentence).toMatch(/found by trying on \S+ [\d.]+ and by evaluation: /);

    const clear = await tried({ user: await userWith(declared) });
    expect(clear).toMatchObject({ verdict: 'met', condition: 'access' });
    expect(clear.halts).toBeUndefined();
    expect(clear.sentence).toMatch(/ requests compared by trying on \S+ [\d.]+ and by evaluation, all as promised/);
    // The record lists the requests that the service does not enforce; it does not count them as tried.
    expect(clear.sentence).toMatch(/not verified: by trying: .*does not tell them apart/);
    const { 'kinds of requests tried': kinds = '', ...evidence } = evidenceOf(clear);
    const untried = Object.keys(evidence).filter((name) => name.startsWith('not tried: '));
    expect(untried.length).toBeGreaterThan(0);
    for (const name of untried) expect(`${kinds},`).not.toContain(` ${name.slice('not tried: '.length)},`);
  });

  it('sees each thing that is allowed besides, of every writer', async () => {
    const besides = [
      [allow('s3:DeleteObject', `${bucketArn}/nats/*`), 's3:DeleteObject below acme-backups/nats/'],
      [allow('s3:GetObject', `${bucketArn}/*`), 's3:GetObject below acme-backups/dr-contracts-elsewhere/'],
      [allow('s3:PutObject', `${bucketArn}/nats*`), 's3:PutObject below acme-backups/nats-evil/'],
      [allow('s3:ListBucket', bucketArn), 's3:ListBucket of all of bucket acme-backups'],
      [allow('s3:PutObject', 'arn:aws:s3:::dr-*'), 's3:PutObject below dr-contracts-elsewhere/nats/'],
      [allow('s3:PutBucketPolicy', bucketArn), 's3:PutBucketPolicy on bucket acme-backups'],
    ] as const;
    const users = await Promise.all(besides.map(([statement]) => userWith(policyOf(objects, listing, statement))));
    const found = await checked(accessTried({ writers: users.map((user) => ({ user, ...scope })) }));
    expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-allows-too-much', halts: 'access' });
    const differing = differencesOf(found).map(({ item }) => item);
    for (const [index, [, request]] of besides.entries()) {
      expect(differing).toContain(`IAM user ${users[index]}: ${request}`);
    }
  });

  it('halts for a policy that lacks what the work needs', async () => {
    const found = await tried({ user: await userWith(policyOf(objects)) });
    expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-lacks-permission', halts: 'access' });
    expect(found.sentence).toContain('s3:ListBucket of acme-backups with prefix nats/: expected to be allowed');
  });

  it('tries what a role has as if a user had it, and says so', async () => {
    const RoleName = `writer-${newDrillId()}`;
    const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } };
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(policyOf(trust)) }));
    await iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: 'writer', PolicyDocument: JSON.stringify(declared) }),
    );
    const found = await tried({ role: RoleName });
    expect(found).toMatchObject({ verdict: 'met' });
    expect(found.sentence).toContain('the policies of a role are tried as those of a user');
  });

  it('a user that does not exist gives one clear message', async () => {
    const found = await tried({ user: 'nobody-of-that-name' });
    expect(found).toMatchObject({ verdict: 'breached', cause: 'policy-not-applied', halts: 'access' });
    expect(found.sentence).toContain(
      'IAM user nobody-of-that-name: expected to exist, found none of that name. Correct the name in the contract',
    );
  });
});

describe('access on a target without such a service', () => {
  const without = withoutService(target, enforcingStore);

  it('rests on evaluation alone, and the record says so', async () => {
    const found = await tried({ user: await userWith(declared) }, without);
    expect(found).toMatchObject({ verdict: 'met', observation: { basis: 'evaluation only' } });
    expect(found.sentence).toContain('compared by evaluation only, all as promised (not verified: anything by trying:');
  });

  it('halts all the same for a policy that is too wide', async () => {
    const user = await userWith(policyOf(objects, listing, allow('s3:DeleteObject', `${bucketArn}/nats/*`)));
    expect(await tried({ user }, without)).toMatchObject({
      verdict: 'breached',
      cause: 'policy-allows-too-much',
      halts: 'access',
    });
  });
});

/** The IAM of the target as it would answer in `aheadMs`, for keys made `agedMs` earlier. */
async function iamThrough({
  agedMs = 0,
  aheadMs = 0,
  createDate,
}: {
  readonly agedMs?: number;
  readonly aheadMs?: number;
  readonly createDate?: string;
}): Promise<Target> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk));
      const headers = Object.fromEntries(
        Object.entries(request.headers).filter(
          (entry): entry is [string, string] =>
            typeof entry[1] === 'string' && !['connection', 'content-length', 'expect', 'host'].includes(entry[0]),
        ),
      );
      const answer = await fetch(`${(await target.place(s3Store)).endpoint}${request.url}`, {
        method: request.method ?? 'POST',
        headers,
        body: Buffer.concat(chunks),
      });
      const text = (await answer.text()).replaceAll(
        /<CreateDate>([^<]+)</g,
        (_, at: string) => `<CreateDate>${createDate ?? new Date(Date.parse(at) - agedMs).toISOString()}<`,
      );
      response.writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? 'text/xml',
        date: new Date(Date.now() + aheadMs).toUTCString(),
      });
      response.end(text);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return withPlace(target, s3Store, { ...(await target.place(s3Store)), endpoint: `http://127.0.0.1:${port}` });
}

describe('the age of keys', () => {
  const aged = async (user: string, on: Target = target) =>
    await checked(credentialsRotated({ rotatedWithin: '90d', credentials: [{ user }] }), on);

  it('halts for a key that is older than 90 days, and is clear for a new one', async () => {
    const user = await userWith(declared);
    await iam.send(new CreateAccessKeyCommand({ UserName: user }));
    const halted = await aged(user, await iamThrough({ agedMs: 91 * DAY_MS }));
    expect(halted).toMatchObject({
      verdict: 'breached',
      cause: 'credential-too-old',
      halts: 'rotation',
      owner: 'platform',
    });
    expect(halted.sentence).toContain('expected an age of 90 d at the most, found 91 d');

    const clear = await aged(user);
    expect(clear).toMatchObject({ verdict: 'met', condition: 'rotation' });
    expect(clear.halts).toBeUndefined();
  });

  it('a user that does not exist is unproven, by one clear message', async () => {
    const found = await aged('nobody-of-that-name');
    expect(found).toMatchObject({ verdict: 'unproven', cause: 'contract-mistake', halts: 'rotation' });
    expect(found.nextStep).toMatch(/^Correct the contract, or make what it names/);
    expect(found.sentence).toContain('IAM user nobody-of-that-name: there is none of that name.');
  });

  it('a clock that is minutes off is unproven, by one clear message', async () => {
    const user = await userWith(declared);
    await iam.send(new CreateAccessKeyCommand({ UserName: user }));
    const late = await aged(user, await iamThrough({ aheadMs: 10 * MINUTE_MS }));
    expect(late).toMatchObject({ verdict: 'unproven', cause: 'clock-off', halts: 'rotation' });
    // HTTP dates have whole seconds.
    expect(late.sentence).toMatch(/ (10 min|9 min 5\d s) apart\./);
    const early = await aged(user, await iamThrough({ agedMs: -10 * MINUTE_MS }));
    expect(early).toMatchObject({ verdict: 'unproven', cause: 'clock-off' });
    expect(early.sentence).toMatch(/was made .* from now/);
    expect(early.nextStep).toMatch(/^Set the clock/);
  });

  it.each([
    ['2026-01-31T10:00:00+02:00', 'breached', 'credential-too-old'],
    ['2026-01-31T08:00:00.123Z', 'breached', 'credential-too-old'],
    ['0001-01-01T00:00:00Z', 'unproven', 'credential-age-unknown'],
    ['31.01.2026 08:00', 'unproven', 'credential-age-unknown'],
    ['1769846400', 'unproven', 'credential-age-unknown'],
    ['', 'unproven', 'credential-age-unknown'],
  ])('a key of which IAM says that it was made "%s" is %s', async (createDate, verdict, cause) => {
    const user = await userWith(declared);
    await iam.send(new CreateAccessKeyCommand({ UserName: user }));
    expect(await aged(user, await iamThrough({ createDate }))).toMatchObject({ verdict, cause });
  });
});
