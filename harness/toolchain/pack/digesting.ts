import { createHash } from 'node:crypto';

export interface Digesting {
  /** A stage of a pipeline: hands on what it is given. */
  readonly through: (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;
  readonly bytes: () => number;
  /** `sha256:` and the digest; once, when everything has gone through. */
  readonly digest: () => string;
}

/** Counts and hashes what goes through it. */
export function digesting(): Digesting {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    async *through(source) {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    bytes: () => bytes,
    digest: () => `sha256:${hash.digest('hex')}`,
  };
}
