import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['tests/*.test.ts'], globalSetup: ['dr-contracts/vitest'], retry: 0, maxWorkers: 1 },
});
