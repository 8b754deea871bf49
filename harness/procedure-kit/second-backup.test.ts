import { describe, expect, it } from 'vitest';
import { ManualClock } from '../clock/testing/manual-clock.ts';
import type { ListedObject } from '../model/backup-store.ts';
import type { RecoveryPoint } from '../model/procedure.ts';
import { Secrets } from '../model/secrets.ts';
import { arrivalOf } from './arrival.ts';
import { secondArrival, untilAnotherName } from './second-backup.ts';

const listing = (...objects: (Partial<ListedObject> & { readonly key: string })[]) =>
  new Map(objects.map((object) => [object.key, { sizeBytes: 1, etag: 'first', modifiedMs: 1, ...object }]));

const point = (location: string, utc = '2026-11-28T12:03:45.000Z', durableUtc = utc): RecoveryPoint => {
  const captureBegan = { utc, monotonicMs: 0 };
  const durable = { utc: durableUtc, monotonicMs: 0 };
  const there = { objects: 1, sizeBytes: 1, digest: 'sha256:1', encryption: 'none', immutability: 'none', claimed: '' };
  return { id: location, location, captureBegan, durable, ...there };
};

function second(before: ReadonlyMap<string, ListedObject>, after: ReadonlyMap<string, ListedObject>) {
  const [first, fresh] = [arrivalOf(new Map(), before, 's3://b/'), arrivalOf(before, after, 's3://b/')];
  if (first === undefined || fresh === undefined) throw new Error('nothing arrived');
  return secondArrival({ before, after, fresh }, point(first.location), 's3://b/');
}

describe('the recovery point of a second backup', () => {
  it('N10: stands beside the first where it has a name of its own', () => {
    const arrival = second(listing({ key: 'p/1.gz' }), listing({ key: 'p/1.gz' }, { key: 'p/2.gz' }));
    expect(arrival).toMatchObject({ location: 's3://b/p/2.gz', objects: 1 });
    expect(arrival.replacesEarlier).toBeUndefined();
  });

  it('N10: stands beside the first where it has a folder of its own', () => {
    const first = [{ key: 'p/1/a' }, { key: 'p/1/b' }];
    const arrival = second(listing(...first), listing(...first, { key: 'p/2/a' }, { key: 'p/2/b' }));
    expect(arrival).toMatchObject({ location: 's3://b/p/2/', objects: 2 });
    expect(arrival.replacesEarlier).toBeUndefined();
  });

  it.each<[string, Parameters<typeof listing>, string, RegExp]>([
    [
      'is a mirror, of which one object was written again',
      [{ key: 'p/m/a', etag: 'second' }, { key: 'p/m/b' }],
      's3://b/p/m/',
      /wrote over a, which the first one had left/,
    ],
    [
      'is a mirror, to which one object came below another folder',
      [{ key: 'p/m/a' }, { key: 'p/m/b' }, { key: 'p/m/c/d' }],
      's3://b/p/m/',
      /same place/,
    ],
    ['removed the first one', [{ key: 'p/m2' }], 's3://b/p/m2', /removed/],
    [
      'has the name of the first one',
      [
        { key: 'p/m/a', modifiedMs: 2 },
        { key: 'p/m/b', modifiedMs: 2 },
      ],
      's3://b/p/m/',
      /wrote over the first one/,
    ],
  ])('N04: is everything that lies there where it %s', (_, after, location, why) => {
    const arrival = second(listing({ key: 'p/m/a' }, { key: 'p/m/b' }), listing(...after));
    expect(arrival).toMatchObject({ location, objects: after.length, replacesEarlier: expect.stringMatching(why) });
  });

  it('N04: is everything that lies there where the first one was a single object', () => {
    const arrival = second(listing({ key: 'p/m/a' }), listing({ key: 'p/m/a', etag: 'second' }, { key: 'p/m/b' }));
    expect(arrival).toMatchObject({ location: 's3://b/p/m/', replacesEarlier: expect.any(String) });
  });
});

const stepAt = (clock: ManualClock) => ({
  clock,
  signal: new AbortController().signal,
  scratchDir: '',
  secrets: new Secrets(),
  progress: () => undefined,
});

/** Returns the time of day at which a second backup may begin, where it would begin as soon as the first one is durable. */
async function nextAfter(first: RecoveryPoint): Promise<string> {
  const clock = new ManualClock();
  await clock.pass(Date.parse(first.durable.utc) - Date.parse(clock.now().utc));
  await clock.drive(untilAnotherName(first, stepAt(clock)));
  return clock.now().utc.slice(11, 19);
}

describe('a name that is made of the time', () => {
  it.each([
    ['s3://b/p/orders-28-11-2026-12-3.gz', true],
    ['s3://b/p/orders-202611281203.gz', true],
    ['s3://b/p/2026-11-28T12:03Z/', true],
    ['s3://b/p/20261128-1203/a.tar', true],
    ['s3://b/p/20261128-1203.tar.bz2', true],
    ['s3://b/p/20261128-1203.sql.7z', true],
    ['s3://b/p/20261128-1203-1.gz', true],
    ['s3://b/p/20261128-1203.v2/a1.tar', true],
    ['s3://b/p/2026-11-28_12-03-123.gz', true],
    ['s3://b/p/2026-11-28_12-03-45.tar.bz2', false],
    ['s3://b/p/20261128-1203-01.gz', true],
    ['s3://b/p/orders-28-11-2026-12-3-47.gz', false],
    ['s3://b/p/2026-11-28_12-03-45.gz', false],
    ['s3://b/p/20261128T120345Z.gz', false],
    ['s3://b/p/orders-20261128.gz', false],
    ['s3://b/p/orders-latest.gz', false],
    ['s3://b/p/orders-28-11-2026-12-4.gz', false],
  ])('N10: %s ends in the minute: %s', async (name, isSo) => {
    const next = await nextAfter(point(name, '2026-11-28T12:03:44.900Z', '2026-11-28T12:03:47.100Z'));
    expect(next).toBe(isSo ? '12:04:00' : '12:03:48');
  });

  it.each([
    ['s3://b/p/20261128-1203.tar.bz2', '02'],
    ['s3://b/p/20261128-1203.sql.7z', '07'],
  ])('N10: the number in the extension of %s is not the second %s', async (name, second) => {
    expect(await nextAfter(point(name, `2026-11-28T12:03:${second}.500Z`))).toBe('12:04:00');
  });

  it.each([
    ['minute', 's3://b/orders-12-0.gz', 59_000],
    ['second', 's3://b/orders-20260115T120001Z.gz', 1_000],
  ])('N10: is another one when the second backup begins in the next %s', async (_, location, waitedMs) => {
    const clock = new ManualClock();
    expect(clock.now().utc).toBe('2026-01-15T12:00:01.000Z');
    const beganMs = clock.monotonicMs();
    await clock.drive(untilAnotherName(point(location, clock.now().utc), stepAt(clock)));
    expect(clock.monotonicMs() - beganMs).toBeGreaterThanOrEqual(waitedMs);
    expect(clock.monotonicMs() - beganMs).toBeLessThan(waitedMs + 1_000);
  });
});
