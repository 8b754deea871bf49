import { describe, expect, test } from 'vitest';
import type { ListedObject } from '../model/backup-store.ts';
import { ExplainedError } from '../model/errors.ts';
import { arrivalOf } from '../procedure-kit/arrival.ts';
import { script } from './script.ts';

const options = { backup: 'b.sh', restore: 'r.sh', schedule: { cron: '*/2 * * * *' }, prefix: 'nats/' };
const listing = (...objects: readonly Partial<ListedObject>[]) =>
  new Map(
    objects.map((object) => {
      const listed = { key: 'k', sizeBytes: 1, etag: 'e', modifiedMs: 1, ...object };
      return [listed.key, listed];
    }),
  );

describe('the options of script()', () => {
  test('the schedule is in UTC unless it says otherwise', () => {
    expect(script(options).schedule).toEqual({ cron: '*/2 * * * *', timeZone: 'UTC' });
  });

  test('C05: the schedule may be that of a crontab, of a systemd timer, or of a CronJob of the manifests', () => {
    const of = (schedule: object) => script({ ...options, schedule } as typeof options).schedule;
    expect(of({ cron: '0 2 * * 7', scheduler: 'vixie' })).toEqual({
      cron: '0 2 * * 7',
      scheduler: 'vixie',
      timeZone: 'UTC',
    });
    expect(of({ cron: 'Sun 02:00', scheduler: 'systemd' })).toMatchObject({ scheduler: 'systemd' });
    const held = {
      cron: '0 2 * * *',
      timeZone: 'UTC',
      heldBy: 'CronJob ops/copy in ops',
      runs: { concurrency: 'Forbid' },
    };
    expect(of(held)).toEqual(held);
    expect(() => of({ cron: '0 2 * * *', scheduler: 'anacron' })).toThrow(/scheduler/);
    expect(() => of({ cron: '0 2 * * *', timezone: 'UTC' })).toThrow(/timezone/);
  });

  test.each([
    ['a misspelt field', { ...options, shedule: 'x' }, 'shedule'],
    ['a prefix that is no folder', { ...options, prefix: 'nats' }, 'prefix'],
  ])('%s is refused in a sentence that names it', (_, wrong, named) => {
    expect(() => script(wrong)).toThrow(ExplainedError);
    expect(() => script(wrong)).toThrow(named);
  });
});

describe('what a backup left behind', () => {
  test('is nothing when the same objects are there as before', () => {
    expect(arrivalOf(listing({ key: 'nats/1' }), listing({ key: 'nats/1' }), 's3://b/')).toBeUndefined();
  });

  test('is what was not there before', () => {
    const arrival = arrivalOf(
      listing({ key: 'nats/d/1/a' }),
      listing({ key: 'nats/d/1/a' }, { key: 'nats/d/2/a', sizeBytes: 5 }, { key: 'nats/d/2/b', sizeBytes: 7 }),
      's3://b/',
    );
    expect(arrival).toMatchObject({
      objects: 2,
      sizeBytes: 12,
      location: 's3://b/nats/d/2/',
      keys: ['nats/d/2/a', 'nats/d/2/b'],
    });
  });

  test('counts an object that was written over', () => {
    expect(arrivalOf(listing({ etag: 'old' }), listing({ etag: 'new' }), 's3://b/')).toMatchObject({
      objects: 1,
      location: 's3://b/k',
    });
    expect(arrivalOf(listing({ modifiedMs: 1 }), listing({ modifiedMs: 2 }), 's3://b/')).toMatchObject({ objects: 1 });
  });

  test('has a digest that changes with any of it', () => {
    const digest = (object: Partial<ListedObject>) => arrivalOf(new Map(), listing(object), 's3://b/')?.digest;
    const all = [digest({}), digest({ key: 'other' }), digest({ sizeBytes: 2 }), digest({ etag: 'other' })];
    expect(new Set(all).size).toBe(4);
  });

  test('in folders whose names begin alike lies in the folder above them', () => {
    expect(arrivalOf(new Map(), listing({ key: 'p/ab/x' }, { key: 'p/abc/y' }), 's3://b/')?.location).toBe('s3://b/p/');
  });
});
