import { defineConfig } from 'vitest/config';

// Tests that a mutant of the judge must not survive: the judge's own tests. The comparison with robfig/cron and the change of every field
// of real records are left out, because they take too long for each mutant.
export default defineConfig({
  test: {
    root: new URL('../../..', import.meta.url).pathname,
    include: ['harness/verdict/**/*.test.ts'],
    exclude: ['**/*.differential.test.ts', '**/one-change.test.ts'],
    testTimeout: 60_000,
  },
});
