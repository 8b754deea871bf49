import { defineConfig } from 'vitest/config';

// A drill is never retried: a retry that passes conceals a breach.
export default defineConfig({
  test: {
    retry: 0,
    // The work is in the servers, not in the test processes: two files at a time, even on two cores.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          testTimeout: 60_000,
          include: ['{harness,packaging,scripts}/**/*.test.ts'],
          exclude: ['**/*.{system,docker,full,campaign,browser,formats}.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'systems',
          include: ['harness/**/*.system.test.ts'],
          globalSetup: ['harness/testing/everything-setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'docker',
          // Only where somebody asked for docker: `npm test` needs none.
          include: process.env['DR_CONTRACTS_TARGET'] === 'docker' ? ['harness/**/*.docker.test.ts'] : [],
          globalSetup: process.env['DR_CONTRACTS_TARGET'] === 'docker' ? ['harness/testing/everything-setup.ts'] : [],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: {
          // Campaigns of `npm run test:full`.
          name: 'full',
          include: ['harness/**/*.full.test.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: {
          // Shapes and broken procedures, drilled one by one: `npm run test:campaigns`.
          name: 'campaigns',
          include: ['harness/**/*.campaign.test.ts'],
          globalSetup: ['harness/testing/everything-setup.ts'],
          testTimeout: 300_000,
          hookTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'page',
          include: ['{harness,packaging}/**/*.browser.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          // What the exports write, checked by other people's tools: `npm run test:formats`.
          name: 'formats',
          include: ['harness/**/*.formats.test.ts'],
          globalSetup: ['harness/cli/exports/testing/checkers-setup.ts'],
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'contracts',
          include: ['contracts/**/*.spec.ts'],
          globalSetup: ['harness/contract/vitest-target.ts'],
        },
      },
    ],
  },
});
