import { systemClock } from '../clock/clock.ts';
import type { Contract } from '../model/contract.ts';
import type { Capability } from '../model/service.ts';
import type { Target, ToolName } from '../model/target.ts';
import { obtainTools } from '../project/obtain-tools.ts';
import { inspectDaemon } from '../targets/docker/daemon.ts';
import { inContainers } from '../targets/docker/runtime.ts';
import { type StartedTarget, startTarget } from '../targets/start.ts';
import type { Figure } from './figures.ts';
import { timeDrill } from './one-drill.ts';

const TOOLS: readonly ToolName[] = ['nats', 'kubectl', 'velero', 'aws'];
const PARTS: readonly Capability[] = ['nats', 's3', 'velero', 'pods', 'volumes'];

/** What both targets are drilled with. The caller loads it: a contract file states its contracts once a process. */
export interface VeleroDrill {
  readonly contract: Contract;
  readonly disaster: string;
}

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
export async function benchDocker(
  local: LocalSide,
  velero: VeleroDrill,
  { scratchDir, kindAlone }: { readonly scratchDir: string; readonly kindAlone: boolean },
  signal: AbortSignal,
): Promise<Figure[]> {
  const drill = async (target: Target) => await timeDrill({ ...velero, target, scratchDir, signal });
  const localDrillMs = await drill(local.target);
  const whole = await timedStart(PARTS, signal, drill);
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
      name: 'Velero drill, docker / local',
      value: whole.result / localDrillMs,
      unit: 'ratio',
      detail: `${velero.contract.name}/${velero.disaster}, whole drills: ${seconds(whole.result)} / ${seconds(localDrillMs)}`,
    },
    ...(kindAlone ? [await benchKind(signal)] : []),
  ];
}

async function benchKind(signal: AbortSignal): Promise<Figure> {
  const alone = await timedStart(['kubernetes'], signal, async () => undefined);
  return {
    name: 'kind cluster alone, until a pod can be created',
    value: alone.startedIn.totalMs / 1_000,
    unit: 's',
    detail: `its API after ${seconds(alone.startedIn['kind'] ?? Number.NaN)}`,
  };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

async function timedStart<T>(
  parts: readonly Capability[],
  signal: AbortSignal,
  use: (target: Target) => Promise<T>,
): Promise<{ readonly startedIn: StartedTarget['startedIn']; readonly result: T }> {
  const step = { clock: systemClock, signal, progress: () => undefined };
  const toolchain = await obtainTools('docker', TOOLS, step);
  await using started = await startTarget(inContainers(), { ...step, toolchain, parts });
  return { startedIn: started.startedIn, result: await use(started.target) };
}
