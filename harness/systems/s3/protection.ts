import { GetBucketVersioningCommand, GetObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import type { Comparison, Difference } from '../../model/record.ts';
import { statusOf } from './client.ts';
import type { BucketAt } from './listing.ts';
import type { BucketSpec } from './options.ts';

export const PROTECTION = 'settings that protect the bucket';

interface Setting {
  readonly name: string;
  readonly wanted: string;
  readonly read: (at: BucketAt, signal: AbortSignal) => Promise<string>;
}

/** What was set when the bucket was made, and must be so after every backup and restore. */
export function protectionOf(spec: BucketSpec): readonly Setting[] {
  const { versioned, retainsEveryVersion, retentionDays } = spec;
  return [
    ...(versioned ? [{ name: 'versioning', wanted: 'Enabled', read: versioningOf }] : []),
    ...(retainsEveryVersion
      ? [{ name: 'default retention', wanted: `GOVERNANCE for ${retentionDays} days`, read: defaultRetentionOf }]
      : []),
  ];
}

/** The comparison with those settings in it. */
export async function withProtection(
  comparison: Comparison,
  at: BucketAt,
  spec: BucketSpec,
  signal: AbortSignal,
): Promise<Comparison> {
  const settings = protectionOf(spec);
  if (settings.length === 0) return comparison;
  const differences: Difference[] = [];
  for (const { name, wanted, read } of settings) {
    const observed = await read(at, signal);
    if (observed !== wanted) differences.push({ item: `bucket ${at.bucket}`, field: name, expected: wanted, observed });
  }
  const [expected, differing] = [settings.length, differences.length];
  const counts = { expected, restored: expected, matched: expected - differing, missing: 0, extra: 0, differing };
  return {
    ...comparison,
    items: [...comparison.items, { kind: PROTECTION, ...counts, protects: true }],
    firstDifferences: [...comparison.firstDifferences, ...differences],
  };
}

async function versioningOf({ client, bucket }: BucketAt, signal: AbortSignal): Promise<string> {
  const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }), { abortSignal: signal });
  return Status ?? 'never enabled';
}

async function defaultRetentionOf({ client, bucket }: BucketAt, signal: AbortSignal): Promise<string> {
  try {
    const command = new GetObjectLockConfigurationCommand({ Bucket: bucket });
    const { ObjectLockConfiguration } = await client.send(command, { abortSignal: signal });
    const { Mode, Days, Years } = ObjectLockConfiguration?.Rule?.DefaultRetention ?? {};
    return Mode === undefined ? 'none' : `${Mode} for ${Days ?? (Years ?? 0) * 365} days`;
  } catch (error) {
    if (statusOf(error) === 404) return 'none';
    throw error;
  }
}
