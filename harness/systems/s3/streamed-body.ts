import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Body of an answer, as a stream. */
export const streamedBody = z.custom<AsyncIterable<Uint8Array>>(
  (body) => typeof body === 'object' && body !== null && Symbol.asyncIterator in body,
);

/** Returns its size and SHA-256 digest (hexadecimal), chunk by chunk, in constant memory. */
export async function digestOf(body: AsyncIterable<Uint8Array>): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}
