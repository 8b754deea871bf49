import { createHash } from 'node:crypto';
import type { Identity } from '../../model/asset.ts';
import { contentHistories } from './fingerprint.ts';
import type { BucketAt } from './listing.ts';

const EXAMPLES = 3;

/** The bucket may outlive the disaster, so its creation date proves nothing; the ids of the current versions do. */
export async function versionIdentities(at: BucketAt, signal: AbortSignal): Promise<readonly Identity[]> {
  const hash = createHash('sha256');
  const examples: Identity[] = [];
  for await (const { key, versions } of contentHistories(at, signal)) {
    const current = versions.find(({ isLatest, deleteMarker }) => isLatest && !deleteMarker);
    if (current === undefined) continue;
    hash.update(`${key}\0${current.versionId}\n`);
    if (examples.length < EXAMPLES) {
      examples.push({ what: `current version of "${key}"`, value: current.versionId });
    }
  }
  return [{ what: 'version ids of all current objects', value: `sha256:${hash.digest('hex')}` }, ...examples];
}
