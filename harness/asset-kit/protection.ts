import type { Comparison, Difference } from '../model/record.ts';

/** Kind under which the comparison counts the settings that protect a bucket. */
export const PROTECTION = 'settings that protect the bucket';

/** A setting that protects an asset, with its original and its current value. */
export interface ProtectingSetting {
  readonly name: string;
  readonly wanted: string;
  readonly observed: string;
}

/** Adds the settings to the comparison. @param item the asset, as differences name it: `bucket orders`. */
export function withProtection(
  comparison: Comparison,
  item: string,
  settings: readonly ProtectingSetting[],
): Comparison {
  if (settings.length === 0) return comparison;
  const differences: readonly Difference[] = settings
    .filter(({ wanted, observed }) => wanted !== observed)
    .map(({ name, wanted, observed }) => ({ item, field: name, expected: wanted, observed }));
  const [expected, differing] = [settings.length, differences.length];
  const counts = { expected, restored: expected, matched: expected - differing, missing: 0, extra: 0, differing };
  return {
    ...comparison,
    items: [...comparison.items, { kind: PROTECTION, ...counts, protects: true }],
    firstDifferences: [...comparison.firstDifferences, ...differences],
  };
}
