import { describe, expect, it } from 'vitest';
import type { Destination, ListedObject } from '../model/backup-store.ts';
import { arrivalOf } from './arrival.ts';
import { pointBefore, requireLeft } from './destination.ts';

const AT_MS = Date.parse('2026-11-29T10:00:00Z');
const at = (ms: number) => ({ utc: new Date(ms).toISOString(), monotonicMs: ms });
const { signal } = new AbortController();

/** A place of backups in memory: keys with their content. */
function placeWith(objects: Readonly<Record<string, string>>, modifiedMs = AT_MS) {
  const held = new Map<string, ListedObject>();
  const put = (key: string, etag: string, ms: number) => held.set(key, { key, sizeBytes: 1, etag, modifiedMs: ms });
  for (const [key, etag] of Object.entries(objects)) put(key, etag, modifiedMs);
  const list = async (_: AbortSignal, below = '') => new Map([...held].filter(([key]) => key.startsWith(below)));
  const destination: Partial<Destination> = {
    bucketUrl: 's3://b/',
    url: 's3://b/p/',
    list,
    holds: async (location) => (await list(signal, location.slice('s3://b/'.length))).size > 0,
  };
  return { destination: destination as Destination, held, put };
}

function pointOf(held: ReadonlyMap<string, ListedObject>, keys: readonly string[]) {
  const own = new Map([...held].filter(([key]) => keys.includes(key)));
  const arrival = arrivalOf(new Map(), own, 's3://b/');
  if (arrival === undefined) throw new Error('no objects');
  return { ...arrival, captureBegan: at(AT_MS - 500), durable: at(AT_MS + 500) };
}

describe('a recovery point after its restore', () => {
  it('is as it was', async () => {
    const { destination, held } = placeWith({ 'p/1/a': 'x', 'p/1/b': 'y' });
    const before = await pointBefore(destination, pointOf(held, ['p/1/a', 'p/1/b']), signal);
    await expect(requireLeft(before, signal)).resolves.toBeUndefined();
  });

  it.each([
    ['removed p/1/b of it', ({ held }: ReturnType<typeof placeWith>) => held.delete('p/1/b')],
    ['overwrote p/1/b of it', ({ put }: ReturnType<typeof placeWith>) => put('p/1/b', 'z', AT_MS)],
    ['removed it', ({ held }: ReturnType<typeof placeWith>) => held.clear()],
  ])('is told where the restore %s', async (did, harm) => {
    const place = placeWith({ 'p/1/a': 'x', 'p/1/b': 'y' });
    const before = await pointBefore(place.destination, pointOf(place.held, ['p/1/a', 'p/1/b']), signal);
    harm(place);
    await expect(requireLeft(before, signal)).rejects.toThrow(`the restore ${did}`);
  });

  it('may have a note of the restore beside it that the next restore writes again', async () => {
    const place = placeWith({ 'p/a': 'x', 'p/b': 'y' });
    const point = pointOf(place.held, ['p/a', 'p/b']);
    place.put('p/last-restore.json', 'first', AT_MS + 60_000);
    const before = await pointBefore(place.destination, point, signal);
    place.put('p/last-restore.json', 'second', AT_MS + 120_000);
    await expect(requireLeft(before, signal)).resolves.toBeUndefined();
    place.put('p/a', 'z', AT_MS + 120_000);
    await expect(requireLeft(before, signal)).rejects.toThrow('the restore overwrote p/a of it');
  });

  it('is one object, although the name of another begins with its own', async () => {
    const place = placeWith({ 'p/dump': 'x' });
    const point = pointOf(place.held, ['p/dump']);
    place.put('p/dump.note', 'first', AT_MS + 60_000);
    const before = await pointBefore(place.destination, point, signal);
    place.held.delete('p/dump.note');
    await expect(requireLeft(before, signal)).resolves.toBeUndefined();
  });
});
