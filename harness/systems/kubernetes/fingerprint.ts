import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
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
  const hash = createHash('sha256');
  const kinds = new Map<string, number>();
  let items = 0;
  let bytes = 0;
  const lines = async function* () {
    for await (const item of content) {
      const line = `${JSON.stringify(item)}\n`;
      hash.update(line);
      items += 1;
      kinds.set(item.kind, (kinds.get(item.kind) ?? 0) + 1);
      bytes += item.sizeBytes;
      yield line;
    }
  };
  await pipeline(lines, createWriteStream(path, { mode: 0o600 }), { signal });
  return {
    path,
    items,
    bytes,
    digest: `sha256:${hash.digest('hex')}`,
    kinds: [...kinds].map(([kind, count]) => ({ kind, items: count })),
  };
}

/** The objects of a fingerprint, in the order in which they were written. */
export async function* readFingerprint(path: string): AsyncGenerator<ContentItem> {
  const input = createReadStream(path);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  // readline does not pass on the errors of its input: https://github.com/nodejs/node/issues/30831
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  input.once('error', reject);
  try {
    const iterator = lines[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([iterator.next(), failed]);
      if (next.done === true) return;
      yield contentItem.parse(JSON.parse(next.value));
    }
  } finally {
    lines.close();
    input.destroy();
  }
}
