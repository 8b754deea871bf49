import fc from 'fast-check';
import { bucket, versioning } from '../../../index.ts';
import type { BucketOptions } from '../../../systems/s3/options.ts';
import { copyIn, copyOut } from './platform-lines.ts';
import type { Shape } from './stage.ts';

const small = { objects: 6, largest: '64KiB' } as const;
const platform = versioning({ restore: 'fixtures/platform/scripts/buckets/bucket-restore.mjs' });

const versioned: Readonly<Record<string, BucketOptions>> = {
  'one object': { objects: 1, largest: '1B' },
  'six versions of a key': { ...small, objects: 20, versions: 6 },
  'versions from before there were versions': { ...small, objects: 20, nullVersions: true },
  'legal holds and retention': { ...small, objects: 14, legalHold: true, retention: { mode: 'GOVERNANCE', days: 1 } },
  'headers and a redirect': {
    ...small,
    headers: { 'content-encoding': 'gzip', 'content-language': 'de', 'website-redirect-location': '/elsewhere' },
  },
  'awkward prefixes': { ...small, prefixes: ['two\nlines/', '/abs/', 'up/../down/', './here/', 'Cafe\u0301/'] },
  'long keys': { ...small, prefixes: [`${'n'.repeat(900)}/`] },
  'objects in parts': { objects: 3, largest: '12MiB' },
};

/** Copied by a script: the only protection of a bucket without versions, and of many with them. */
const copied: Readonly<Record<string, BucketOptions>> = {
  'bucket without versions': { ...small, objects: 2, versioned: false },
  'one object without versions': { objects: 1, largest: '10B', versioned: false },
};

const drawn: fc.Arbitrary<BucketOptions> = fc.record({
  objects: fc.integer({ min: 1, max: 40 }),
  largest: fc.constantFrom('1B', '64KiB', '6MiB'),
  prefixes: fc.constantFrom(['a/'], ['a/', 'b/c/'], ['größe/', '日本/'], ['+/', '%20/']),
  versions: fc.integer({ min: 2, max: 5 }),
  nullVersions: fc.boolean(),
});

export function bucketShapes(seed: number, count: number): readonly Shape[] {
  const kept = [
    ...Object.entries(versioned),
    ...fc
      .sample(drawn, { seed, numRuns: count })
      .map((options) => [`drawn: ${JSON.stringify(options)}`, options] as const),
  ];
  return [
    ...kept.map(([name, options], index) => ({
      name: `S3, ${name}`,
      stage: async () => ({
        asset: bucket(options),
        protectedBy: platform,
        disaster: index % 2 === 0 ? 'objects-deleted' : 'objects-overwritten',
      }),
    })),
    ...Object.entries(copied).map(
      ([name, options]): Shape => ({
        name: `S3, ${name}`,
        stage: async (stage) => ({
          asset: bucket({ ...options, versioned: false }),
          protectedBy: await stage.scripts(copyOut(), copyIn()),
          disaster: 'objects-deleted',
        }),
      }),
    ),
  ];
}
