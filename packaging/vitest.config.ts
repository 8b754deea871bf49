import { defineConfig } from 'vitest/config';

// Apart from the other tests: it installs packages from the registry.
export default defineConfig({
  test: {
    retry: 0,
    include: ['packaging/tarball.trial.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    bail: 1,
    reporters: ['verbose'],
  },
});
