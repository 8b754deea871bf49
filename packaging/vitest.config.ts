import { defineConfig } from 'vitest/config';

// Apart from the other tests: while npm packs, the manifest of the source tree is another one for a second.
export default defineConfig({
  test: {
    retry: 0,
    include: ['packaging/*.trial.ts'],
    // Two files would pack the same source tree at once.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 600_000,
    bail: 1,
    reporters: ['verbose'],
  },
});
