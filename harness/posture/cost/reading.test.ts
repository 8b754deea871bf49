import { describe, expect, it } from 'vitest';
import { CostLines } from './cost-lines.ts';
import { useOf } from './object-life.ts';
import { type LiveBucket, rulesAtUpload, rulesOf } from './reading.ts';

const bucketWith = (Rules: readonly object[], isVersioned = true, lockedDays = 0): LiveBucket => ({
  name: 'backups',
  region: 'here',
  prices: { storage: {}, requestsPerThousand: {}, transitionsPerThousand: {}, transferPerGb: {} },
  isVersioned,
  lockedDays,
  live: {
    region: 'here',
    movesSmallInto: [],
    settings: {
      versioning: undefined,
      lifecycle: { Rules },
      encryption: undefined,
      'public-access': undefined,
      policy: undefined,
    },
  },
});
const rule = (changed: object = {}) => ({
  ID: 'all',
  Status: 'Enabled',
  Filter: { Prefix: 'nats/' },
  Expiration: { Days: 30 },
  NoncurrentVersionExpiration: { NoncurrentDays: 7 },
  ...changed,
});
const read = (bucket: LiveBucket, lines = new CostLines()) => rulesOf(bucket, 'nats/', 'STANDARD', [], lines);

describe('how an object lives by the lifecycle of its bucket', () => {
  it('is ended, kept as a noncurrent version and moved as the rules say, the earliest move first', () => {
    const moving = rule({
      Transitions: [
        { Days: 20, StorageClass: 'GLACIER' },
        { Days: 5, StorageClass: 'STANDARD_IA' },
      ],
      NoncurrentVersionTransitions: [{ NoncurrentDays: 1, StorageClass: 'GLACIER' }],
    });
    expect(read(bucketWith([moving]))).toMatchObject({
      endings: [{ afterDays: 30 }],
      isVersioned: true,
      noncurrentDays: 7,
      storageClass: 'STANDARD',
      transitions: [
        { afterDays: 5, storageClass: 'STANDARD_IA' },
        { afterDays: 20, storageClass: 'GLACIER' },
      ],
      noncurrentTransitions: [{ afterDays: 1, storageClass: 'GLACIER' }],
    });
  });

  it.each([
    ['no rule ends it', [rule({ Expiration: undefined })], /so the cost grows without an end/],
    ['no rule ends its versions', [rule({ NoncurrentVersionExpiration: undefined })], /ends noncurrent versions/],
    ['a rule has a date', [rule({ Expiration: { Date: '2027-01-01T00:00:00Z' } })], /so the months differ/],
    ['a rule is switched off', [rule({ Status: 'Disabled' })], /without an end/],
  ])('cannot be computed where %s', (_, rules, reason) => {
    expect(read(bucketWith(rules))).toMatch(reason);
  });

  it('cannot be computed where Object Lock keeps versions longer than the lifecycle', () => {
    expect(read(bucketWith([rule()], true, 37))).toMatchObject({ noncurrentDays: 7 });
    expect(read(bucketWith([rule()], true, 3_650))).toMatch(
      /Object Lock keeps each version .* for 3650 days, .* after 37;/,
    );
  });

  it('cannot be computed where a rule moves some of the objects', () => {
    const Transitions = [{ Days: 1, StorageClass: 'GLACIER' }];
    const some = rule({ ID: 'cold', Filter: { ObjectSizeGreaterThan: 1 }, Transitions });
    expect(read(bucketWith([rule(), some]))).toMatch(/^lifecycle cold moves only some of the objects/);
  });

  it('moves to the colder of two classes on one day, and never back', () => {
    const to = (StorageClass: string, Days: number) =>
      rule({ ID: StorageClass, Transitions: [{ Days, StorageClass }] });
    const stays = (...rules: readonly object[]) => {
      const found = read(bucketWith(rules));
      if (typeof found === 'string') throw new Error(found);
      const { stayedMs } = useOf(new Map([[0, 1]]), found, true, () => 0);
      return [...new Set([...stayedMs.values()].map(({ storageClass }) => storageClass))];
    };
    expect(stays(to('DEEP_ARCHIVE', 1), to('GLACIER_IR', 1))).toEqual(['STANDARD', 'DEEP_ARCHIVE']);
    expect(stays(to('GLACIER_IR', 1), to('DEEP_ARCHIVE', 1))).toEqual(['STANDARD', 'DEEP_ARCHIVE']);
    expect(stays(to('GLACIER', 1), to('STANDARD_IA', 5))).toEqual(['STANDARD', 'GLACIER']);
    // COLD is a class of another store.
    expect(stays(to('COLD', 1))).toEqual(['STANDARD', 'COLD']);
  });

  it('needs no rule for noncurrent versions where the bucket keeps none', () => {
    const rules = [rule({ NoncurrentVersionExpiration: undefined })];
    expect(read(bucketWith(rules, false))).toMatchObject({ isVersioned: false });
  });

  it('does not count rules for some of the objects, and says so', () => {
    const lines = new CostLines();
    const some = rule({ ID: 'large', Filter: { And: { Prefix: 'nats/', ObjectSizeGreaterThan: 9 } } });
    expect(read(bucketWith([rule(), some]), lines)).toMatchObject({ endings: [{ afterDays: 30 }] });
    expect([...lines.notCounted]).toEqual(['lifecycle large, which is for some of the objects only']);
  });

  it('begins in the class of the newest recovery point, unless a rule may have moved it there', () => {
    const at = new Date('2026-11-29T03:00:00.000Z');
    const point = (storageClass: string, more: readonly string[] = []) => [
      {
        name: 'a',
        capturedMs: at.getTime() - 86_400_000,
        objects: [storageClass, ...more].map((each) => ({ sizeBytes: 1, storageClass: each })),
      },
    ];
    const moving = (days: number) => bucketWith([rule({ Transitions: [{ Days: days, StorageClass: 'GLACIER' }] })]);
    const uploadedInto = (points: ReturnType<typeof point>, bucket: LiveBucket) => {
      const rules = rulesAtUpload(points, bucket, 'nats/', [], { at, lines: new CostLines() });
      return typeof rules === 'string' ? rules : rules.storageClass;
    };
    expect(uploadedInto(point('STANDARD_IA'), moving(0))).toBe('STANDARD_IA');
    expect(uploadedInto(point('GLACIER', ['STANDARD']), moving(0))).toBe('STANDARD');
    expect(uploadedInto([], moving(0))).toBe('STANDARD');
    // It is a day old, so a rule for two days has not moved it.
    expect(uploadedInto(point('GLACIER'), moving(2))).toBe('GLACIER');
    expect(uploadedInto(point('GLACIER', ['STANDARD']), moving(2))).toMatch(/uploaded into several storage classes/);
  });
});
