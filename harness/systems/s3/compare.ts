import type { Fingerprint } from '../../model/asset.ts';
import type { Comparison } from '../../model/record.ts';
import type { Step } from '../../model/step.ts';
import { CONCURRENCY } from './client.ts';
import { compareKey } from './compare-key.ts';
import { contentHistories, readFingerprint } from './fingerprint.ts';
import type { BucketAt } from './listing.ts';
import { mergeByKey } from './merge.ts';
import { mapOrdered } from './pool.ts';
import { Tally } from './tally.ts';
import { readVersionState } from './version-state.ts';

export const NOT_VERIFIED = [
  'access control lists, encryption keys and storage classes of objects',
  'the bucket’s own settings (policy, lifecycle, notifications)',
  'the order of versions that were written in the same second',
  'versions that the disaster and the restore added below the current one',
] as const;

/** Compares the bucket as it is with its fingerprint; both are walked as streams. */
export async function compareBucket(at: BucketAt, expected: Fingerprint, step: Step): Promise<Comparison> {
  const tally = new Tally();
  const nowUtc = step.clock.now().utc;
  const pairs = mergeByKey(readFingerprint(expected.path), contentHistories(at, step.signal));
  const compared = mapOrdered(pairs, CONCURRENCY, (pair) =>
    compareKey(pair, (version) => readVersionState(at, version, step.signal), nowUtc),
  );
  let keys = 0;
  for await (const results of compared) {
    for (const result of results) tally.add(result);
    keys += 1;
    if (keys % 1_000 === 0) step.progress(`compared ${keys} keys`);
  }
  return tally.comparison(NOT_VERIFIED);
}
