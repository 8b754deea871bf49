import { DeleteObjectCommand, DeleteObjectTaggingCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sharedTarget } from '../../testing/shared-target.ts';
import { type KeyFingerprint, readFingerprint } from './fingerprint.ts';
import { beginDrill, type TestDrill } from './testing.ts';

const target = sharedTarget();
let drill: TestDrill;
let keys: KeyFingerprint[];
beforeAll(async () => {
  drill = await beginDrill(target, 'objects-overwritten', { objects: 30, largest: '1MiB' });
  await drill.strike();
  await drill.restore();
  keys = await Array.fromAsync(readFingerprint(drill.expected));
});
afterAll(async () => {
  await drill?.[Symbol.asyncDispose]();
});

const differencesOf = async (key: string) =>
  (await drill.compare()).firstDifferences.filter(({ item }) => item.includes(`"${key}"`));

/** Finds a key for one sabotage. No two tests share a key, because two sabotages of one key would be reported as one. */
function keyWhere(fits: (key: KeyFingerprint) => boolean): KeyFingerprint {
  const at = keys.findIndex(fits);
  const [found] = at < 0 ? [] : keys.splice(at, 1);
  if (found === undefined) throw new Error('the seed holds no such key that no earlier test sabotaged');
  return found;
}
const currentOf = ({ versions }: KeyFingerprint) => versions.find(({ isLatest }) => isLatest)?.state ?? undefined;

test('nothing differs before the sabotage', async () => {
  expect((await drill.compare()).firstDifferences).toEqual([]);
});

test('one byte of one body is named', async () => {
  const { key, versions } = keyWhere((one) => currentOf(one)?.sizeBytes === 0);
  const state = versions[0]?.state;
  const ContentType = state?.headers['content-type'];
  const CacheControl = state?.headers['cache-control'];
  const put = { Bucket: drill.at.bucket, Key: key, Body: '!', ContentType, CacheControl, Metadata: state?.metadata };
  await drill.at.client.send(new PutObjectCommand(put));

  const fields = (await differencesOf(key)).map(({ field }) => field);
  expect(fields).toEqual(['sizeBytes', 'sha256']);
});

test('dropped tags are named', async () => {
  const { key } = keyWhere((one) => Object.keys(currentOf(one)?.tags ?? {}).length > 0);
  await drill.at.client.send(new DeleteObjectTaggingCommand({ Bucket: drill.at.bucket, Key: key }));

  const [difference] = await differencesOf(key);
  expect(difference).toMatchObject({ field: 'tags', observed: '{}' });
});

test('a resurrected object is extra', async () => {
  const { key } = keyWhere((one) => currentOf(one) === undefined);
  await drill.at.client.send(new PutObjectCommand({ Bucket: drill.at.bucket, Key: key, Body: 'back again' }));

  const [difference] = await differencesOf(key);
  expect(difference).toMatchObject({ field: 'presence', observed: 'an object of 10 bytes' });
  expect((await drill.compare()).items[0]).toMatchObject({ kind: 'current objects', extra: 1 });
});

test('a removed old version is missing', async () => {
  const { key, versions } = keyWhere(({ versions }) => versions.length > 1 && versions.at(-1)?.state !== null);
  const VersionId = versions.at(-1)?.versionId;
  await drill.at.client.send(new DeleteObjectCommand({ Bucket: drill.at.bucket, Key: key, VersionId }));

  const [difference] = await differencesOf(key);
  expect(difference).toMatchObject({ item: `version ${VersionId} of "${key}"`, field: 'presence', observed: 'absent' });
  expect((await drill.compare()).items[1]).toMatchObject({ kind: 'object versions', missing: 1 });
});
