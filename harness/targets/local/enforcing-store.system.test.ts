import { readdir } from 'node:fs/promises';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { s3Client } from '../../clients/s3.ts';
import { enforcingStore, type S3Place } from '../../systems/s3/service.ts';
import { sharedTarget } from '../../testing/shared-target.ts';

const target = sharedTarget();
const { signal } = new AbortController();

const open = async () => await target.place(enforcingStore, { label: 'store test' }, signal);

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
