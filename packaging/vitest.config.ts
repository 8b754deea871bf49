import { defineConfig } from 'vitest/config';

// Separate from the other tests: while npm packs, the source tree has another manifest for a second.
export default defineConfig({
  test: {
    retry: 0,
    // Installations wait for the disk and drills for their servers: two files at once, even on two cores.
    maxWorkers: 2,
    bail: 1,
    reporters: ['verbose'],
    projects: [
      {
        extends: true,
        test: {
          name: 'package',
          include: ['packaging/*.trial.ts'],
          exclude: ['packaging/workflows.trial.ts'],
          globalSetup: ['packaging/pack-once.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'workflows',
          include: ['packaging/workflows.trial.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
