import { z } from 'zod';
import { type RecordFile, readRecords, writeRecords } from '../../asset-kit/record-file.ts';
import type { Fingerprint } from '../../model/asset.ts';
import { type ContentItem, isCompared } from './content.ts';

const contentItem = z.object({
  kind: z.string(),
  name: z.string(),
  sizeBytes: z.number(),
  digest: z.string(),
  fields: z.record(z.string(), z.string()),
  madeBy: z.string().optional(),
  looksMade: z.boolean().optional(),
  ended: z.boolean().optional(),
});

/** Writes the content to a file, one object a line, and counts what is compared. The file holds digests where values are secret. */
export async function writeFingerprint(
  path: string,
  content: AsyncIterable<ContentItem>,
  signal: AbortSignal,
): Promise<Fingerprint> {
  const kinds = new Map<string, number>();
  let [compared, bytes] = [0, 0];
  const items = async function* () {
    for await (const item of content) {
      yield item;
      if (!isCompared(item)) continue;
      kinds.set(item.kind, (kinds.get(item.kind) ?? 0) + 1);
      compared += 1;
      bytes += item.sizeBytes;
    }
  };
  const { digest } = await writeRecords(path, items(), signal);
  return {
    path,
    items: compared,
    bytes,
    digest,
    kinds: [...kinds].map(([kind, count]) => ({ kind, items: count })),
  };
}

/** The objects of a fingerprint, in the order in which they were written. */
export function readFingerprint(file: RecordFile): AsyncGenerator<ContentItem, void, undefined> {
  return readRecords(file, contentItem);
}
