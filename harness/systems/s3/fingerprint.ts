import { z } from 'zod';
import { mapOrdered } from '../../asset-kit/bounded.ts';
import { type RecordFile, readRecords, writeRecords } from '../../asset-kit/record-file.ts';
import type { Fingerprint } from '../../model/asset.ts';
import type { Step } from '../../model/step.ts';
import { CONCURRENCY } from './client.ts';
import { isReserved } from './keys.ts';
import { type BucketAt, type KeyHistory, keyHistories } from './listing.ts';
import { readVersionState, versionStateSchema } from './version-state.ts';

const versionLine = z.object({
  versionId: z.string(),
  isLatest: z.boolean(),
  lastModified: z.string(),
  /** Null for a delete marker, which has no content. */
  state: versionStateSchema.nullable(),
});
const keyLine = z.object({ key: z.string(), versions: z.array(versionLine) });

/** Recorded state of one key: all its versions and delete markers, newest first. One line of the fingerprint's file. */
export type KeyFingerprint = z.infer<typeof keyLine>;
export type VersionFingerprint = z.infer<typeof versionLine>;

/** A copy has no versions of the original, so only its plain listing is compared. */
export type View = 'with history' | 'current only';

/**
 * Writes the content of the bucket to a file, one line per key, in S3's order of keys. It leaves out markers and probe writes.
 * @param view scope of the comparison; only that is counted as items.
 */
export async function writeFingerprint(at: BucketAt, path: string, step: Step, view: View): Promise<Fingerprint> {
  const counts = { current: 0, versions: 0, deleteMarkers: 0 };
  let bytes = 0;
  const read = (history: KeyHistory) => fingerprintKey(at, history, step.signal);
  const keys = async function* () {
    for await (const key of mapOrdered(contentHistories(at, step.signal), CONCURRENCY, read)) {
      for (const { isLatest, state } of key.versions) {
        if (state === null) counts.deleteMarkers += 1;
        else counts.versions += 1;
        if (isLatest && state !== null) counts.current += 1;
      }
      bytes += key.versions.reduce((sum, { state }) => sum + (state?.sizeBytes ?? 0), 0);
      yield key;
    }
  };
  const { digest } = await writeRecords(path, keys(), step.signal);
  const history = [
    { kind: 'object versions', items: counts.versions },
    { kind: 'delete markers', items: counts.deleteMarkers },
  ];
  const kinds = [{ kind: 'current objects', items: counts.current }, ...(view === 'with history' ? history : [])];
  const items = kinds.reduce((sum, kind) => sum + kind.items, 0);
  return { path, items, bytes, digest, kinds };
}

export function readFingerprint(file: RecordFile): AsyncGenerator<KeyFingerprint, void, undefined> {
  return readRecords(file, keyLine);
}

/** Yields the histories of the asset's own keys. */
export async function* contentHistories(at: BucketAt, signal: AbortSignal): AsyncGenerator<KeyHistory> {
  for await (const history of keyHistories(at, signal)) if (!isReserved(history.key)) yield history;
}

async function fingerprintKey(at: BucketAt, history: KeyHistory, signal: AbortSignal): Promise<KeyFingerprint> {
  const versions: VersionFingerprint[] = [];
  for (const { key, versionId, isLatest, lastModified, deleteMarker } of history.versions) {
    const state = deleteMarker ? null : await readVersionState(at, { key, versionId }, signal);
    versions.push({ versionId, isLatest, lastModified, state });
  }
  return { key: history.key, versions };
}
