import { createHash } from 'node:crypto';
import type { Identity } from '../../model/asset.ts';
import { contentHistories } from './fingerprint.ts';
import type { BucketAt } from './listing.ts';
import type { BucketSpec } from './options.ts';

const EXAMPLES = 3;

/** S3's own version id in a bucket that never had versions, or suspended them. All such versions share it. */
const NO_VERSION = 'null';

const UNDELETED =
  'removing a delete marker, or the versions above it, makes an earlier version of the same id current again';

/**
 * Returns identities that prove where the objects come from. The bucket may survive the disaster, so its creation date proves nothing. The
 * ids of the current versions do; without an id, the second of the object's write does.
 */
export async function versionIdentities(
  at: BucketAt,
  { versioned }: Pick<BucketSpec, 'versioned'>,
  signal: AbortSignal,
): Promise<readonly Identity[]> {
  const hash = createHash('sha256');
  const examples: Identity[] = [];
  // Also covers versions from before versioning: in a bucket that has versions now, they come back unchanged.
  const kept = versioned ? { keptBy: UNDELETED } : {};
  for await (const { key, versions } of contentHistories(at, signal)) {
    const current = versions.find(({ isLatest, deleteMarker }) => isLatest && !deleteMarker);
    if (current === undefined) continue;
    const isVersion = current.versionId !== NO_VERSION;
    const value = isVersion ? current.versionId : `not versioned, written at ${current.lastModified}`;
    hash.update(`${key}\0${value}\n`);
    if (examples.length < EXAMPLES) {
      examples.push({ what: `current version of "${key}"`, value, ...kept });
    }
  }
  const value = `sha256:${hash.digest('hex')}`;
  return [{ what: 'version ids of all current objects', value, ...kept }, ...examples];
}
