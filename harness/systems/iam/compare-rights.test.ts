import { expect, test } from 'vitest';
import { compareRights } from './compare-rights.ts';
import { allow, bucketArn, deny, listing, objects, policyOf, scope } from './testing/policies.ts';

const { signal } = new AbortController();
const compared = async (before: readonly unknown[], after: readonly unknown[], user = 'writer-2') =>
  await compareRights({
    before: { user: 'writer', documents: before },
    after: { user, documents: after },
    place: scope,
    now: new Date('2026-03-01T12:00:00Z'),
    signal,
  });
const old = [policyOf(objects, listing)];
const nothing = { added: [], lost: [], undecided: [] };

test('the same documents, and the same rights in another form, change nothing', async () => {
  expect(await compared(old, old)).toEqual(nothing);
  const put = allow('s3:PutObject', `${bucketArn}/nats/*`);
  const get = allow('s3:GetObject', [`${bucketArn}/nats/*`]);
  expect(await compared(old, [policyOf(put), policyOf(listing, get)])).toEqual(nothing);
});

test.each([
  [
    'another prefix',
    allow('s3:GetObject', `${bucketArn}/velero/*`),
    /^s3:GetObject on arn:aws:s3:::acme-backups\/velero\//,
  ],
  ['another bucket', allow('s3:PutObject', 'arn:aws:s3:::invoices/*'), /^s3:PutObject on arn:aws:s3:::invoices\//],
  ['a look-alike', allow('s3:PutObject', `${bucketArn}/nats*`), /^s3:PutObject on .*\/nats/],
  ['another action', allow('s3:PutObjectRetention', `${bucketArn}/nats/*`), /^s3:PutObjectRetention on /],
  ['every listing', allow('s3:ListBucket', bucketArn), /^s3:ListBucket on .*s3:prefix/],
  ['another service', allow('iam:CreateAccessKey', '*'), /^iam:CreateAccessKey on /],
])('what is allowed besides is added: %s', async (_, statement, seen) => {
  const { added, lost } = await compared(old, [...old, policyOf(statement)]);
  expect(added).toEqual([expect.stringMatching(seen)]);
  expect(lost).toEqual([]);
});

test('a Deny that is gone adds rights, and one that came takes them', async () => {
  const protecting = policyOf(allow('s3:*', `${bucketArn}/nats/*`), deny('s3:DeleteObject', `${bucketArn}/*`));
  const open = policyOf(allow('s3:*', `${bucketArn}/nats/*`));
  expect((await compared([protecting], [open])).added).toEqual([expect.stringMatching(/^s3:DeleteObject on /)]);
  expect((await compared([open], [protecting])).lost).toEqual([expect.stringMatching(/^s3:DeleteObject on /)]);
});

test('a policy that is written for the name of its user is compared under the name of each', async () => {
  const own = policyOf(allow('s3:GetObject', `${bucketArn}/\${aws:username}/*`));
  const { added, lost } = await compared([own], [own]);
  expect(added).toEqual([expect.stringContaining('/writer-2/')]);
  expect(lost).toEqual([expect.stringContaining('/writer/')]);
});

test('actions of a service without a published list are undecided, unless the old user had them', async () => {
  const unknown = policyOf(allow('admin:Heal', '*'));
  expect((await compared(old, [...old, unknown])).undecided).toEqual([expect.stringContaining('"admin"')]);
  expect((await compared([...old, unknown], [...old, unknown])).undecided).toEqual([]);
});
