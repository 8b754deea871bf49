import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { z } from 'zod';
import type { Fingerprint } from '../../model/asset.ts';
import type { Step } from '../../model/step.ts';
import { CONCURRENCY } from './client.ts';
import type { View } from './compare-key.ts';
import { isReserved } from './keys.ts';
import { type BucketAt, type KeyHistory, keyHistories } from './listing.ts';
import { mapOrdered } from './pool.ts';
import { readVersionState, versionStateSchema } from './version-state.ts';

const versionLine = z.object({
  versionId: z.string(),
  isLatest: z.boolean(),
  lastModified: z.string(),
  /** Null for a delete marker, which has no content. */
  state: versionStateSchema.nullable(),
});
const keyLine = z.object({ key: z.string(), versions: z.array(versionLine) });

/** One key as it was: all its versions and delete markers, the newest first. One line of the fingerprint's file. */
export type KeyFingerprint = z.infer<typeof keyLine>;
export type VersionFingerprint = z.infer<typeof versionLine>;

/**
 * Writes what the bucket holds to a file, a line a key, in S3's order of keys. Markers and probe writes are left out.
 * @param view what the comparison will look at: only that is counted as items.
 */
export async function writeFingerprint(at: BucketAt, path: string, step: Step, view: View): Promise<Fingerprint> {
  const file = createWriteStream(path);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  file.once('error', failed.reject);
  const hash = createHash('sha256');
  const counts = { current: 0, versions: 0, deleteMarkers: 0 };
  let bytes = 0;
  try {
    const read = (history: KeyHistory) => fingerprintKey(at, history, step.signal);
    for await (const key of mapOrdered(contentHistories(at, step.signal), CONCURRENCY, read)) {
      const line = `${JSON.stringify(key)}\n`;
      hash.update(line);
      for (const { isLatest, state } of key.versions) {
        if (state === null) counts.deleteMarkers += 1;
        else counts.versions += 1;
        if (isLatest && state !== null) counts.current += 1;
      }
      bytes += key.versions.reduce((sum, { state }) => sum + (state?.sizeBytes ?? 0), 0);
      if (!file.write(line)) {
        await Promise.race([new Promise<void>((resolve) => file.once('drain', () => resolve())), failed.promise]);
      }
    }
  } finally {
    file.end();
    await finished(file);
  }
  const history = [
    { kind: 'object versions', items: counts.versions },
    { kind: 'delete markers', items: counts.deleteMarkers },
  ];
  const kinds = [{ kind: 'current objects', items: counts.current }, ...(view === 'with history' ? history : [])];
  const items = kinds.reduce((sum, kind) => sum + kind.items, 0);
  return { path, items, bytes, digest: `sha256:${hash.digest('hex')}`, kinds };
}

export async function* readFingerprint(path: string): AsyncGenerator<KeyFingerprint, void, undefined> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) yield keyLine.parse(JSON.parse(line));
}

/** The histories of the asset's own keys. */
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
