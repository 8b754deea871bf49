import { expect, it } from 'vitest';
import type { StoredBelow, StoredObject } from '../../systems/s3/stored-points.ts';
import { CostLines } from './cost-lines.ts';
import type { LifeRules } from './object-life.ts';
import { countAsItLies, overwrittenIn } from './read-prefix.ts';
import type { LiveBucket } from './reading.ts';

const DAY_MS = 86_400_000;
const at = new Date('2026-11-29T03:00:00.000Z');
const object = (sizeBytes: number): StoredObject => ({ sizeBytes, storageClass: 'STANDARD' });
const settings = {
  versioning: undefined,
  lifecycle: undefined,
  encryption: undefined,
  'public-access': undefined,
  policy: undefined,
};
const bucketThat = (isVersioned: boolean): LiveBucket => ({
  name: 'backups',
  region: 'here',
  prices: {
    storage: { STANDARD: { perGbMonth: '1' } },
    requestsPerThousand: {},
    transitionsPerThousand: {},
    transferPerGb: {},
  },
  isVersioned,
  lockedDays: 0,
  live: { region: 'here', movesSmallInto: [], settings },
});
const rules: LifeRules = {
  endings: [{ afterDays: 30 }],
  isVersioned: true,
  noncurrentDays: 2,
  storageClass: 'STANDARD',
  transitions: [],
  noncurrentTransitions: [],
};
const stored: StoredBelow = {
  points: [10, 2, 1].map((days) => ({
    name: String(days),
    capturedMs: at.getTime() - days * DAY_MS,
    objects: [object(5)],
  })),
  others: [],
  overwritten: [object(7), object(9)],
  deleted: [object(11)],
  otherNoncurrent: [],
  deleteMarkers: [],
  unfinished: null,
};
const countedIn = (isVersioned: boolean) => {
  const lines = new CostLines();
  const bucket = bucketThat(isVersioned);
  countAsItLies({ what: 'there', bucket, stored, isOverwrittenPlanned: isVersioned }, lines);
  return { items: lines.lines.map(({ item }) => item), undecided: lines.undecided };
};

it('uploads that the account may not list are undecided, and the reason names the permission', () => {
  expect(countedIn(true).undecided).toMatchObject([
    {
      item: 'there: uploads that were never finished',
      reason: expect.stringContaining('s3:ListBucketMultipartUploads'),
    },
  ]);
});

it('versions from before are counted where versioning is suspended, and belong to the plan where it is not', () => {
  expect(countedIn(false).items).toEqual([
    'there: overwritten versions in STANDARD',
    'there: deleted versions in STANDARD',
  ]);
  expect(countedIn(true).items).toEqual([]);
});

it('overwritten versions come with as many points as were captured while one lives', () => {
  expect(overwrittenIn(stored, bucketThat(true), rules, at, 8)).toMatchObject({ points: 2, small: { bytes: 16 } });
  expect(overwrittenIn({ ...stored, points: [] }, bucketThat(true), rules, at, 8)).toBeUndefined();
  expect(overwrittenIn(stored, bucketThat(false), rules, at, 8)).toBeUndefined();
});
