import { resolve } from 'node:path';
import { systemClock } from '../clock/clock.ts';
import { newDrillId } from '../contract/drill-files.ts';
import { gatherFacts } from '../contract/facts.ts';
import { loadContracts } from '../contract/load.ts';
import { runDrill } from '../drill/run-drill.ts';
import type { Contract } from '../model/contract.ts';
import type { Capability, Target } from '../model/target.ts';
import type { ToolName } from '../model/tools.ts';
import { inspectDaemon } from '../targets/docker/daemon.ts';
import { type StartedDockerTarget, startDockerTarget } from '../targets/docker/start.ts';
import { obtainToolchain } from '../toolchain/index.ts';
import type { Figure } from './figures.ts';

const TOOLS: readonly ToolName[] = ['nats', 'kubectl', 'velero', 'localstack-python', 'aws', 'kind'];
const PARTS: readonly Capability[] = ['nats', 's3', 'velero', 'pods', 'volumes'];
const DRILL = { contract: 'secrets-and-configuration', disaster: 'namespace-deleted' } as const;

export interface LocalSide {
  readonly target: Target;
  /** From the call until every part of the local target was ready. */
  readonly readyMs: number;
}

/** Why there is nothing to measure; nothing when a daemon answers. */
export async function whyNoDocker(signal: AbortSignal): Promise<string | undefined> {
  const daemon = await inspectDaemon(signal);
  return 'problem' in daemon ? daemon.problem : undefined;
}

/** The docker target against the local one of the same run: ready, a kind cluster alone, and a Velero drill on each. */
export async function benchDocker(local: LocalSide, scratchDir: string, signal: AbortSignal): Promise<Figure[]> {
  const alone = await timedStart(['kubernetes'], signal, async () => undefined);
  const [contract] = await loadContracts({
    folder: resolve('.'),
    files: [resolve(`contracts/${DRILL.contract}.spec.ts`)],
    mistakes: [],
  });
  if (contract === undefined) throw new Error(`there is no contract ${DRILL.contract}`);
  const drill = async (target: Target) => await drillMs(contract, target, scratchDir, signal);
  const localDrillMs = await drill(local.target);
  const whole = await timedStart(PARTS, signal, drill);
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const { totalMs, ...parts } = whole.startedIn;
  const each = Object.entries(parts).map(([part, ms]) => `${part} ${seconds(ms)}`);
  return [
    {
      name: 'docker target ready / local target ready',
      value: totalMs / local.readyMs,
      unit: 'ratio',
      detail: `${seconds(totalMs)} / ${seconds(local.readyMs)}; ${each.join(', ')}`,
    },
    {
      name: 'kind cluster alone, until a pod can be created',
      value: alone.startedIn.totalMs / 1_000,
      unit: 's',
      detail: `its API after ${seconds(alone.startedIn.kind ?? Number.NaN)}`,
    },
    {
      name: 'Velero drill, docker / local',
      value: whole.result / localDrillMs,
      unit: 'ratio',
      detail: `${DRILL.contract}/${DRILL.disaster}, whole drills: ${seconds(whole.result)} / ${seconds(localDrillMs)}`,
    },
  ];
}

async function timedStart<T>(
  parts: readonly Capability[],
  signal: AbortSignal,
  use: (target: Target) => Promise<T>,
): Promise<{ readonly startedIn: StartedDockerTarget['startedIn']; readonly result: T }> {
  const step = { clock: systemClock, signal, progress: () => undefined };
  const toolchain = await obtainToolchain(TOOLS, step);
  await using started = await startDockerTarget({ ...step, toolchain, parts });
  return { startedIn: started.startedIn, result: await use(started.target) };
}

async function drillMs(contract: Contract, target: Target, scratchDir: string, signal: AbortSignal): Promise<number> {
  const run = await gatherFacts({ runId: 'bench', trigger: 'bench', concurrentDrills: 1 }, signal);
  const beganMs = systemClock.monotonicMs();
  const record = await runDrill({
    contract,
    disaster: DRILL.disaster,
    target,
    drillId: newDrillId(),
    run,
    scratchDir,
    clock: systemClock,
    signal,
    listener: () => undefined,
    save: async () => undefined,
  });
  if (record.judgement?.verdict !== 'met') throw new Error(`${target.name}: ${record.judgement?.sentence}`);
  return systemClock.monotonicMs() - beganMs;
}
