import { z } from 'zod';
import { type RecordFile, readRecords, writeRecords } from '../../asset-kit/record-file.ts';
import type { Fingerprint } from '../../model/asset.ts';
import type { ContentItem } from './content.ts';

const contentItem = z.object({
  kind: z.string(),
  name: z.string(),
  sizeBytes: z.number(),
  digest: z.string(),
  fields: z.record(z.string(), z.string()),
});

/** Writes the content to a file, one object a line. The file holds digests where values are secret. */
export async function writeFingerprint(
  path: string,
  content: AsyncIterable<ContentItem>,
  signal: AbortSignal,
): Promise<Fingerprint> {
  const kinds = new Map<string, number>();
  let bytes = 0;
  const items = async function* () {
    for await (const item of content) {
      kinds.set(item.kind, (kinds.get(item.kind) ?? 0) + 1);
      bytes += item.sizeBytes;
      yield item;
    }
  };
  const { digest, records } = await writeRecords(path, items(), signal);
  return {
    path,
    items: records,
    bytes,
    digest,
    kinds: [...kinds].map(([kind, count]) => ({ kind, items: count })),
  };
}

/** The objects of a fingerprint, in the order in which they were written. */
export function readFingerprint(file: RecordFile): AsyncGenerator<ContentItem, void, undefined> {
  return readRecords(file, contentItem);
}
