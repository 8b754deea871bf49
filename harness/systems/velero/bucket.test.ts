import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Destination } from '../../model/backup-store.ts';
import { VeleroBucket } from './bucket.ts';

const { signal } = new AbortController();

/** A destination in memory, of any store. */
function destinationWith(objects: Readonly<Record<string, string | Uint8Array>>): Destination {
  return {
    prefix: 'velero/x/',
    bucketUrl: 'any://bucket/',
    url: 'any://bucket/velero/x/',
    variables: () => new Map(),
    credentials: () => new Map(),
    list: async (_, below = 'velero/x/') =>
      new Map(
        Object.entries(objects)
          .filter(([key]) => key.startsWith(below))
          .map(([key, { length }]) => [key, { key, sizeBytes: length, etag: `e${length}`, modifiedMs: 0 }]),
      ),
    read: async (key) => {
      const found = objects[key];
      return typeof found === 'string' ? Buffer.from(found) : found;
    },
    deletedAgain: async () => [],
    protection: async (keys) => {
      if (keys.some((key) => objects[key] === undefined)) throw new Error('it asked for an object that is not there');
      return { encryption: 'by a key', immutability: 'locked' };
    },
    holds: async () => true,
    [Symbol.dispose]: () => undefined,
  };
}

const folder = 'velero/x/backups/b';
const whole = { [`${folder}/b.tar.gz`]: 'archive', [`${folder}/velero-backup.json`]: '{}' };
const bucketWith = (objects: Readonly<Record<string, string | Uint8Array>>) =>
  new VeleroBucket(destinationWith(objects));

describe('what Velero stored', () => {
  it('is looked at in the folder of that backup alone, with the URL of its store', async () => {
    const bucket = bucketWith({ ...whole, 'velero/x/backups/b2/b2.tar.gz': 'another', 'velero/x/kopia/ns/f': 'file' });
    expect(bucket.location('b')).toBe('any://bucket/velero/x/backups/b/');
    expect(await bucket.stored('b', signal)).toMatchObject({
      objects: 2,
      sizeBytes: 9,
      restorable: true,
      encryption: 'by a key',
      immutability: 'locked',
    });
    expect(await bucket.storedFiles('ns', signal)).toMatchObject({ objects: 1, sizeBytes: 4 });
  });

  it.each([
    ['without its archive', { [`${folder}/velero-backup.json`]: '{}' }, 1],
    ['with an empty archive', { ...whole, [`${folder}/b.tar.gz`]: '' }, 2],
    ['without its metadata', { [`${folder}/b.tar.gz`]: 'archive' }, 1],
    ['not at all', {}, 0],
  ])('is not restorable %s', async (_, objects, count) => {
    expect(await bucketWith(objects).stored('b', signal)).toMatchObject({ restorable: false, objects: count });
  });

  it('has another digest when one object of it has other content', async () => {
    const [one, other] = [whole, { ...whole, [`${folder}/b.tar.gz`]: 'archives' }].map(bucketWith);
    expect((await one?.stored('b', signal))?.digest).not.toBe((await other?.stored('b', signal))?.digest);
  });
});

describe('what Velero said', () => {
  it('is read from its results, and is nothing where it wrote none', async () => {
    const said = gzipSync(
      JSON.stringify({ errors: { namespaces: { shop: ['no room'] } }, warnings: { velero: ['slow'] } }),
    );
    const bucket = bucketWith({ 'velero/x/restores/r/restore-r-results.gz': said });
    expect(await bucket.results({ restore: 'r' }, signal)).toEqual({ errors: ['shop: no room'], warnings: ['slow'] });
    expect(await bucket.results({ backup: 'b' }, signal)).toEqual({ errors: [], warnings: [] });
  });
});
