import '../node-version.ts';
import { mkdir, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { systemClock } from '../clock/clock.ts';
import type { RunFacts } from '../drill/new-record.ts';
import { localToolNames, type Toolchain, type ToolName } from '../model/tools.ts';
import { dockerCapabilities } from '../targets/docker/capabilities.ts';
import { startDockerTarget } from '../targets/docker/start.ts';
import { localParts, startLocalTarget } from '../targets/local/start.ts';
import { obtainToolchain } from '../toolchain/index.ts';
import type { TargetHandle } from './attach-target.ts';
import { gatherFacts } from './facts.ts';

/** What the tests of a run are given: the running target, where their records go, and the facts that every record states. */
export interface ProvidedContext {
  readonly handle: TargetHandle;
  readonly runDir: string;
  readonly facts: RunFacts;
}

declare module 'vitest' {
  interface ProvidedContext {
    drContracts: import('./vitest-target.ts').ProvidedContext;
  }
}

const DOCKER_TOOLS: readonly ToolName[] = ['nats', 'kubectl', 'velero', 'localstack-python', 'aws', 'kind'];

/** Starts one target for all contract and driver tests of a vitest run (`DR_CONTRACTS_TARGET=docker`, or local); returns its teardown. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = await start();
  const runDir = resolve('reports', 'tests', project.name);
  await rm(runDir, { recursive: true, force: true });
  await mkdir(runDir, { recursive: true });
  const run = { runId: `vitest-${project.name}`, trigger: 'npm test', concurrentDrills: 2 };
  project.provide('drContracts', { handle: started.handle, runDir, facts: await gatherFacts(run, patient) });
  return async () => started[Symbol.asyncDispose]();
}

const patient = new AbortController().signal;

async function start(): Promise<{ readonly handle: TargetHandle } & AsyncDisposable> {
  const step = { clock: systemClock, signal: patient, progress: () => undefined };
  if (process.env['DR_CONTRACTS_TARGET'] === 'docker') {
    return await startDockerTarget({ ...step, toolchain: await toolchainOf(DOCKER_TOOLS), parts: dockerCapabilities });
  }
  return await startLocalTarget({ ...step, toolchain: await toolchainOf(localToolNames), parts: localParts });
}

const toolchainOf = async (names: readonly ToolName[]): Promise<Toolchain> =>
  await obtainToolchain(names, {
    clock: systemClock,
    signal: patient,
    progress: (message) => void process.stderr.write(`${message}\n`),
  });
