import { CopyObjectCommand, DeleteObjectsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { sharedTarget } from '../../testing/shared-target.ts';
import { currentObjects, versionPages } from './listing.ts';
import { beginDrill } from './testing.ts';

const target = sharedTarget();
// Fewer than eight objects, because the eighth is deleted before the disaster.
const options = { objects: 7, largest: '64KiB' } as const;

test('N02: in a bucket without versions, an object that was written again is another one', async () => {
  await using drill = await beginDrill(target, 'objects-deleted', { ...options, versioned: false });
  const { client, bucket } = drill.at;
  const before = await drill.asset.identify(drill.step);
  const keys = (await Array.fromAsync(currentObjects(drill.at, drill.step.signal))).map(({ key }) => key);
  await drill.strike();
  for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'restored' }));
  const after = new Map((await drill.asset.identify(drill.step)).map(({ what, value }) => [what, value]));

  expect(before.length).toBeGreaterThan(1);
  for (const { what, value, keptBy } of before) {
    expect(keptBy).toBeUndefined();
    expect(after.get(what), what).not.toBe(value);
    expect(after.get(what), what).toBeDefined();
  }
});

test('N02: in a bucket without versions, an object that never went away is the same one', async () => {
  await using drill = await beginDrill(target, 'objects-deleted', { ...options, versioned: false });
  expect(await drill.asset.identify(drill.step)).toEqual(await drill.asset.identify(drill.step));
});

test.each([
  ['', options],
  ['from before the bucket had versions ', { ...options, nullVersions: true }],
])(
  'N02: an object %sthat came back when its delete marker was removed may be the old version, and says why',
  async (_, asked) => {
    await using drill = await beginDrill(target, 'objects-deleted', asked);
    const before = await drill.asset.identify(drill.step);
    await drill.strike();
    const markers = (await Array.fromAsync(versionPages(drill.at, drill.step.signal)))
      .flat()
      .filter(({ deleteMarker, isLatest, key }) => deleteMarker && isLatest && !key.startsWith('dr-'));
    const Objects = markers.map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
    await drill.at.client.send(new DeleteObjectsCommand({ Bucket: drill.at.bucket, Delete: { Objects } }));
    const after = await drill.asset.identify(drill.step);

    expect(after).toEqual(before);
    expect(before.every(({ keptBy }) => keptBy?.includes('removing a delete marker'))).toBe(true);
  },
);

test('N02: an object that was copied onto itself is a new version', async () => {
  await using drill = await beginDrill(target, 'objects-overwritten', options);
  const { client, bucket } = drill.at;
  const [before] = await drill.asset.identify(drill.step);
  const [first] = await Array.fromAsync(currentObjects(drill.at, drill.step.signal));
  const Key = first?.key ?? '';
  const copied = { Bucket: bucket, Key, CopySource: encodeURIComponent(`${bucket}/${Key}`) };
  await client.send(new CopyObjectCommand({ ...copied, MetadataDirective: 'REPLACE' }));

  expect((await drill.asset.identify(drill.step))[0]?.value).not.toBe(before?.value);
});
