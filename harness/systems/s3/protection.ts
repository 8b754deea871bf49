import { GetBucketVersioningCommand, GetObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import type { ProtectingSetting } from '../../asset-kit/protection.ts';
import { statusOf } from './client.ts';
import type { BucketAt } from './listing.ts';
import type { BucketSpec } from './options.ts';

interface Setting {
  readonly name: string;
  readonly wanted: string;
  readonly read: (at: BucketAt, signal: AbortSignal) => Promise<string>;
}

/** Returns the settings of the new bucket, which every backup and restore must preserve. */
export function protectionOf(spec: BucketSpec): readonly Setting[] {
  const { versioned, retainsEveryVersion, retentionDays } = spec;
  return [
    ...(versioned ? [{ name: 'versioning', wanted: 'Enabled', read: versioningOf }] : []),
    ...(retainsEveryVersion
      ? [{ name: 'default retention', wanted: `GOVERNANCE for ${retentionDays} days`, read: defaultRetentionOf }]
      : []),
  ];
}

/** Reads the present values of those settings. */
export const readProtection = async (
  at: BucketAt,
  spec: BucketSpec,
  signal: AbortSignal,
): Promise<readonly ProtectingSetting[]> =>
  await Promise.all(
    protectionOf(spec).map(async ({ name, wanted, read }) => ({ name, wanted, observed: await read(at, signal) })),
  );

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
