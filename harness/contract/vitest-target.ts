import '../node-version.ts';
import type { TestProject } from 'vitest/node';

export type { ProvidedContext } from './attach-target.ts';

declare module 'vitest' {
  interface ProvidedContext {
    drContracts: import('./attach-target.ts').ProvidedContext;
  }
}

/**
 * Starts one target for all contract tests of a vitest project, with the parts that its contracts need; returns its teardown. The target
 * comes from `DR_CONTRACTS_TARGET`, or from the configuration, or is `local`. Paths are relative to the root of the vitest project.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Loaded after the check of the running Node.
  const { setUpRun } = await import('./vitest-setup.ts');
  return await setUpRun(project, { everything: false });
}
