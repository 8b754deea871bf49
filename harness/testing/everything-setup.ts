import type { TestProject } from 'vitest/node';
import { setUpRun } from '../contract/vitest-setup.ts';

/** The target of the tests of drivers and targets, which use parts that no contract of this project may need. */
export const setup = async (project: TestProject): Promise<() => Promise<void>> =>
  await setUpRun(project, { everything: true });
