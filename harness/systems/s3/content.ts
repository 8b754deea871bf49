import { createCipheriv, createHash } from 'node:crypto';

const CHUNK_BYTES = 64 * 1024;
const zeros = Buffer.alloc(CHUNK_BYTES);

/** Yields bytes that depend only on the label, so they are regenerated instead of stored. They are incompressible, like a key stream. */
export function* bodyChunks(label: string, sizeBytes: number): Generator<Buffer, void, undefined> {
  const key = createHash('sha256').update(label).digest().subarray(0, 16);
  const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  for (let remaining = sizeBytes; remaining > 0; remaining -= CHUNK_BYTES) {
    yield stream.update(zeros.subarray(0, Math.min(CHUNK_BYTES, remaining)));
  }
}

export function bodyDigest(label: string, sizeBytes: number): string {
  const hash = createHash('sha256');
  for (const chunk of bodyChunks(label, sizeBytes)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
