import { defineConfig } from 'vitest/config';

// The tests that a mutant of the judge must not survive: its own. Left out are the comparison with robfig/cron and the change of every
// field of real records, which take too long to run for each mutant.
export default defineConfig({
  test: {
    root: new URL('../../..', import.meta.url).pathname,
    include: ['harness/verdict/**/*.test.ts'],
    exclude: ['**/*.differential.test.ts', '**/one-change.test.ts'],
    testTimeout: 60_000,
  },
});
