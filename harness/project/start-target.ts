import type { Clock } from '../clock/clock.ts';
import type { SandboxWish } from '../model/sandbox.ts';
import type { Capability, Target } from '../model/target.ts';
import { type Toolchain, type ToolName, toolNames } from '../model/tools.ts';
import type { DockerTargetHandle } from '../targets/docker/handle.ts';
import type { LocalTargetHandle } from '../targets/local/handle.ts';
import type { TargetName } from '../targets/wishes.ts';

// What both front ends start: the tools of the wanted parts, and the target that runs them.

const TOOLS_OF: Readonly<Record<TargetName, Readonly<Record<Capability, readonly ToolName[]>>>> = {
  local: {
    nats: ['nats-server', 'nats'],
    'nats-cluster': ['nats-server', 'nats'],
    s3: ['localstack-python', 'aws'],
    kubernetes: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'],
    velero: ['velero', 'velero-plugin-for-aws'],
    regions: ['nats-server', 'nats', 'localstack-python', 'aws', 'coredns'],
    pods: [],
    volumes: [],
  },
  // The servers are in the images; the command lines are what the procedures and the harness use.
  docker: {
    nats: ['nats'],
    'nats-cluster': ['nats'],
    s3: ['aws'],
    kubernetes: ['kubectl'],
    velero: ['velero'],
    regions: ['nats', 'aws'],
    pods: ['kubectl'],
    volumes: ['kubectl'],
  },
};

/** The tools of those parts; Velero brings the Kubernetes API and S3 along, as it does in every target. */
export function toolsFor(target: TargetName, parts: readonly Capability[]): readonly ToolName[] {
  const all: readonly Capability[] = parts.includes('velero') ? [...parts, 'kubernetes', 's3'] : parts;
  const wanted = new Set(all.flatMap((part) => TOOLS_OF[target][part]));
  return toolNames.filter((name) => wanted.has(name));
}

export interface StartTarget {
  readonly name: TargetName;
  readonly needs: readonly Capability[];
  readonly toolchain: Toolchain;
  /** Use the kept cluster, and keep it. */
  readonly keep: boolean;
  /** How the configuration wants the platform's programs to run; in bubblewrap when left out. */
  readonly sandbox?: SandboxWish | undefined;
}

export interface StartStep {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  progress(message: string): void;
}

export interface StartedTarget extends AsyncDisposable {
  /** Plain JSON, for another process that attaches to the target. */
  readonly handle: LocalTargetHandle | DockerTargetHandle;
  readonly target: Target;
}

/** Starts the target of that name. Each is loaded when it is used. */
export async function startTarget(
  { name, needs, toolchain, keep, sandbox }: StartTarget,
  { clock, signal, progress: say }: StartStep,
): Promise<StartedTarget> {
  const progress = (message: string) => say(message);
  if (name === 'docker') {
    const { startDockerTarget } = await import('../targets/docker/start.ts');
    return await startDockerTarget({ parts: needs, toolchain, clock, signal, progress, keep, sandbox });
  }
  const { startLocalTarget } = await import('../targets/local/start.ts');
  return await startLocalTarget({ parts: needs, toolchain, clock, signal, progress, sandbox });
}
