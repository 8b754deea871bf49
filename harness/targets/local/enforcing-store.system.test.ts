import { readdir } from 'node:fs/promises';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { s3Client } from '../../clients/s3.ts';
import { ExplainedError } from '../../model/errors.ts';
import type { EnforcingStore, S3Place } from '../../model/target.ts';
import { sharedTarget } from '../../testing/shared-target.ts';

const target = sharedTarget();
const { signal } = new AbortController();

async function open(): Promise<EnforcingStore> {
  const store = await target.enforcingStore?.('store test', signal);
  if (store !== undefined) return store;
  throw new ExplainedError({
    thing: 'target',
    expected: 'a store that enforces credentials',
    observed: 'it has none',
    nextStep: 'Run this test on the local target.',
  });
}

async function bucketsOf(place: S3Place): Promise<readonly string[]> {
  const client = s3Client(place, { maxAttempts: 1, requestTimeoutMs: 5_000 });
  try {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    return Buckets.map(({ Name = '' }) => Name);
  } finally {
    client.destroy();
  }
}

const sockets = async () => (await readdir('/tmp')).filter((name) => name.startsWith('seaweedfs-'));

test('two stores side by side know nothing of each other, refuse the credentials of the other, and leave nothing behind', async () => {
  const before = new Set(await sockets());
  const [one, other] = await Promise.all([open(), open()]);
  try {
    expect(one.service).toMatch(/^\S+ \d+\.\d+/);
    expect(one.source).toContain('sha256:');
    expect(await bucketsOf(one.s3)).toEqual([one.s3.backupBucket]);
    const { accessKeyId, secretAccessKey } = other.s3;
    await expect(bucketsOf({ ...one.s3, accessKeyId, secretAccessKey })).rejects.toThrow(/does not exist/);
    await expect(bucketsOf({ ...one.s3, secretAccessKey })).rejects.toThrow(/signature/);
  } finally {
    await one[Symbol.asyncDispose]();
  }
  expect(await bucketsOf(other.s3)).toEqual([other.s3.backupBucket]);
  await expect(bucketsOf(one.s3)).rejects.toThrow(/ECONNREFUSED/);
  await other[Symbol.asyncDispose]();
  expect((await sockets()).filter((name) => !before.has(name))).toEqual([]);
});
