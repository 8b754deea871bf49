import { mapOrdered } from '../../asset-kit/bounded.ts';
import { mergeByKey, Tally } from '../../asset-kit/comparison.ts';
import type { Fingerprint } from '../../model/asset.ts';
import type { Comparison } from '../../model/record.ts';
import type { Step } from '../../model/step.ts';
import { CONCURRENCY } from './client.ts';
import { compareKey, countedKinds } from './compare-key.ts';
import { contentHistories, readFingerprint, type View } from './fingerprint.ts';
import { compareKeys } from './keys.ts';
import type { BucketAt } from './listing.ts';
import { readVersionState } from './version-state.ts';

const OF_OBJECTS = 'access control lists, encryption keys and storage classes of objects';

/** Versioning and default retention are compared as well if the bucket was made with them: see `protection.ts`. */
const NOT_VERIFIED = [
  OF_OBJECTS,
  'the bucket’s own settings other than versioning and default retention (policy, lifecycle, notifications)',
  'the order of versions that were written in the same second',
  'versions that the disaster and the restore added below the current one',
] as const;

/** Compares the present bucket with its fingerprint; both are read as streams. */
export function compareBucket(at: BucketAt, expected: Fingerprint, step: Step): Promise<Comparison> {
  return compareAs(at, expected, step, 'with history', NOT_VERIFIED);
}

/** Compares two plain listings, for a copy without the original's history. */
export async function compareCurrentView(at: BucketAt, expected: Fingerprint, step: Step): Promise<Comparison> {
  const comparison = await compareAs(at, expected, step, 'current only', [
    'earlier versions and delete markers: a copy holds what was current when it was made',
    OF_OBJECTS,
    'the bucket’s own settings (versioning, retention, policy, lifecycle, notifications)',
  ]);
  return { ...comparison, items: comparison.items.filter(({ kind }) => kind === 'current objects') };
}

async function compareAs(
  at: BucketAt,
  expected: Fingerprint,
  step: Step,
  view: View,
  notVerified: readonly string[],
): Promise<Comparison> {
  const tally = new Tally(countedKinds);
  const nowUtc = step.clock.now().utc;
  const pairs = mergeByKey(readFingerprint(expected), contentHistories(at, step.signal), compareKeys);
  const compared = mapOrdered(pairs, CONCURRENCY, (pair) =>
    compareKey(pair, (version) => readVersionState(at, version, step.signal), nowUtc, view),
  );
  let keys = 0;
  for await (const results of compared) {
    for (const result of results) tally.add(result);
    keys += 1;
    if (keys % 1_000 === 0) step.progress(`compared ${keys} keys`);
  }
  return tally.comparison(notVerified);
}
