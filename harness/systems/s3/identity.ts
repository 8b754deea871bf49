import { createHash } from 'node:crypto';
import type { Identity } from '../../model/asset.ts';
import { contentHistories } from './fingerprint.ts';
import type { BucketAt } from './listing.ts';
import type { BucketSpec } from './options.ts';

const EXAMPLES = 3;

/** S3's own name of a version in a bucket that never had versions, or that suspended them. Every such version has it. */
const NO_VERSION = 'null';

const UNDELETED =
  'removing a delete marker, or the versions above it, makes an earlier version of the same id current again';

/**
 * The bucket may outlive the disaster, so its creation date proves nothing. The ids of the current versions do, and where S3 gives no id,
 * the second in which the object was written.
 */
export async function versionIdentities(
  at: BucketAt,
  { versioned }: Pick<BucketSpec, 'versioned'>,
  signal: AbortSignal,
): Promise<readonly Identity[]> {
  const hash = createHash('sha256');
  const examples: Identity[] = [];
  // Also for versions from before the bucket had versions: in one that has them now they come back as they were.
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
