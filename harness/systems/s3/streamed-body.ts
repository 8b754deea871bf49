import { createHash } from 'node:crypto';
import { z } from 'zod';

/** The body of an answer, as it comes. */
export const streamedBody = z.custom<AsyncIterable<Uint8Array>>(
  (body) => typeof body === 'object' && body !== null && Symbol.asyncIterator in body,
);

/** Its size and digest (SHA-256, hexadecimal), chunk by chunk: memory does not grow with it. */
export async function digestOf(body: AsyncIterable<Uint8Array>): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    sizeBytes += chunk.byteLength;
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}
