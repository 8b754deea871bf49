import { mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { systemClock } from '../clock/clock.ts';
import type { RunFacts } from '../drill/new-record.ts';
import { toolNames } from '../model/tools.ts';
import type { LocalTargetHandle } from '../targets/local/handle.ts';
import { localParts, startLocalTarget } from '../targets/local/start.ts';
import { obtainToolchain } from '../toolchain/index.ts';
import { gatherFacts } from './facts.ts';

/** What the tests of a run are given: the running target, where their records go, and the facts that every record states. */
export interface ProvidedContext {
  readonly handle: LocalTargetHandle;
  readonly runDir: string;
  readonly facts: RunFacts;
}

declare module 'vitest' {
  interface ProvidedContext {
    drContracts: import('./vitest-target.ts').ProvidedContext;
  }
}

/** Starts one target for all contract and driver tests of a vitest run; returns its teardown. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const signal = new AbortController().signal;
  const say = (message: string) => process.stderr.write(`${message}\n`);
  const toolchain = await obtainToolchain(toolNames, { clock: systemClock, signal, progress: say });
  const started = await startLocalTarget({
    toolchain,
    parts: localParts,
    clock: systemClock,
    signal,
    progress: () => undefined,
  });
  const runDir = resolve('reports', 'tests', project.name);
  await rm(runDir, { recursive: true, force: true });
  await mkdir(runDir, { recursive: true });
  const run = { runId: `vitest-${project.name}`, trigger: 'npm test', concurrentDrills: 2 };
  project.provide('drContracts', { handle: started.handle, runDir, facts: await gatherFacts(run, signal) });
  return async () => started[Symbol.asyncDispose]();
}
